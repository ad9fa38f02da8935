'use strict';
const { actor, attempt, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const { SocketAddress } = net;
for (const args of [[], [{}], [{ family: 'ipv6' }],
                    [{ family: 'IPv6', flowlabel: 5, port: 80, address: '0:0::1' }], [1], [null],
                    [[]], [{ family: 'x' }], [{ address: 1 }], [{ address: 'x' }], [{ port: -1 }],
                    [{ port: 'x' }], [{ flowlabel: -1 }], [{ flowlabel: 1.5 }],
                    [{ flowlabel: 'a' }], [{ family: 5 }], [{ address: '::1' }],
                    [{ flowlabel: 2 ** 32 }], [{ flowlabel: 5 }], [{ family: 'IPv4' }],
                    [{ family: 'ipv6', address: 'fe80::1%lo' }]])
  attempt(log, 'new', () => { const a = new SocketAddress(...args);
    return [a.address, a.family, a.port, a.flowlabel]; });
log(SocketAddress.isSocketAddress({}), SocketAddress.isSocketAddress(new SocketAddress()));
log(new SocketAddress().toJSON());
