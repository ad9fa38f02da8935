'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => {
  log(server.getConnections((...a) => log('connections', ...a)) === server, 'asked');
  s.resume();
  s.on('close', () => {
    server.getConnections((...a) => log('connections', ...a));
    server.close();
  });
}).listen(port, host, () => net.connect(port, host).end());
