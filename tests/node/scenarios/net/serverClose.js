'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = watch(log, net.createServer((s) => {
  log('closing', server.close((...a) => log('callback', ...a)) === server);
  log(server.listening, server.address());
  setTimeout(() => { log('end'); s.end(); }, 30);
}));
server.on('close', () => log('last'));
server.listen(port, host, () => net.connect(port, host).resume());
