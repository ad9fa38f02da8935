'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.end()).listen(port, host, () => {
  const s = watch(log, net.connect({ port, host: 'foo', lookup(name, options, callback) {
    setTimeout(callback, 5, null, [{ address: '::1', family: 6 },
                                   { address: '127.0.0.1', family: 4 }]);
  } }));
  s.on('connect', () => log(s.remoteAddress, s.autoSelectFamilyAttemptedAddresses));
  s.resume();
  s.on('close', () => server.close());
});
