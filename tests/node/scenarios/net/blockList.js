'use strict';
const { actor, attempt } = require('../../harness');
const net = require('net');

const log = actor('main');
const { BlockList, SocketAddress } = net;
const b = new BlockList();
b.addAddress('1.1.1.1');
b.addRange('10.0.0.1', '10.0.0.10');
b.addSubnet('8592:757c:efae:4e45::', 64, 'ipv6');
b.addSubnet('8.8.8.8', 24);
b.addAddress('::ffff:9.9.9.9', 'ipv6');
b.addRange(new SocketAddress({ address: '2.2.2.2' }), new SocketAddress({ address: '2.2.2.4' }));
log(b.rules);
for (const args of [['1.1.1.1'], ['::ffff:1.1.1.1', 'ipv6'], ['10.0.0.5'], ['10.0.0.11'],
                    ['::ffff:a00:5', 'ipv6'], ['8.8.8.1'], ['8.8.9.1'], ['9.9.9.9'],
                    ['8592:757c:efae:4e45::1', 'ipv6'], ['8592:757c:efae:4e46::1', 'ipv6'],
                    ['8592:757c:efae:4e45::1'], ['1.1.1.1', 'IPv4'], ['zz'], ['1.1.1.1', 'foo'],
                    [new SocketAddress({ address: '2.2.2.3' })], [1], ['1.1.1.1', null]])
  attempt(log, 'check', () => b.check(...args));
for (const [name, ...args] of [['addAddress', 1], ['addAddress', '1.1.1.1', 1],
                               ['addAddress', '1.1.1.1', 'x'], ['addAddress', 'x'],
                               ['addRange', '1.1.1.2', '1.1.1.1'], ['addRange', 1, '1.1.1.1'],
                               ['addRange', '1.1.1.1', 1], ['addSubnet', '1.1.1.1', 33],
                               ['addSubnet', '1.1.1.1', 'x'], ['addSubnet', '::', 129, 'ipv6'],
                               ['addSubnet', '::', 1.5, 'ipv6'],
                               ['addSubnet', '1.1.1.1'], ['addRange', '1.1.1.1'], ['addRange'],
                               ['addAddress'], ['check'],
                               ['addRange', '8592:757c:efae:4e45:f::', '::1', 'ipv6'], ['addSubnet', 1, 1]])
  attempt(log, name, () => b[name](...args));
for (const [n, p, f, a, g] of [['::ffff:1.1.1.0', 120, 'ipv6', '1.1.1.5', 'ipv4'],
                               ['::ffff:1.1.1.0', 24, 'ipv6', '2.1.1.5', 'ipv4'],
                               ['::ffff:1.1.1.0', 120, 'ipv6', '1.1.2.5', 'ipv4'],
                               ['1.1.1.0', 24, 'ipv4', '::ffff:1.1.1.9', 'ipv6'],
                               ['1.1.1.0', 0, 'ipv4', '9.1.1.1', 'ipv4'],
                               ['::', 0, 'ipv6', '9.1.1.1', 'ipv4']]) {
  const list = new BlockList();
  list.addSubnet(n, p, f);
  log(n, p, a, list.check(a, g));
}
