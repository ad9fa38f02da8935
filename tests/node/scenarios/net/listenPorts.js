'use strict';
const { actor, port } = require('../../harness');
const { about } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const ports = [null, undefined, '0', '0x0', 0];
function next() {
  if (!ports.length) return;
  const server = net.createServer();
  server.on('error', (e) => log('error', about(e)));
  server.listen(ports.shift(), () => {
    const its = server.address();
    log(its.address, its.family, its.port > 0, server.listening);
    server.close(next);
    log(server.address(), server.listening);
  });
  log(server.listening, server.address() !== null);
}
next();
