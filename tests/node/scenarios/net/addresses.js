'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const hosts = [undefined, '127.0.0.1', '0.0.0.0', '::1', '::', 'localhost'];
function next() {
  if (!hosts.length) return;
  const server = net.createServer((s) => {
    log(s.remoteFamily, s.localFamily, s.remoteAddress, s.localAddress, s.localPort);
    log(Object.keys(s.address()).sort(), s.address().family);
    s.end();
  });
  const its = hosts.shift();
  server.listen({ port, host: its }, () => {
    log(server.address());
    const s = net.connect(port, its === '::1' ? its : host).resume();
    s.on('close', () => { log(s.remoteAddress, s.remotePort); server.close(next); });
    s.on('connect', () => log(s.remoteAddress, s.remoteFamily, s.localAddress, s.localFamily));
  });
}
next();
