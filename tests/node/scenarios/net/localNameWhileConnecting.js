'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const shown = (s) => [s.connecting, s.localAddress, s.localFamily, typeof s.localPort,
  s.remoteAddress];
const server = net.createServer((s) => { s.on('error', () => {}); s.resume(); });
server.listen(port, host, () => {
  // Asked for the first time when the attempt is under way.
  const later = net.connect(port, host);
  later.on('connectionAttempt', () => {
    process.nextTick(() => log('tick', ...shown(later)));
  });
  later.on('connect', () => {
    log('connect', ...shown(later));
    later.destroy();
    log('destroyed', ...shown(later));
    // Asked before, which is remembered until there is a connection.
    const early = net.connect(port, host);
    log('early', ...shown(early));
    early.on('connectionAttempt', () => {
      process.nextTick(() => log('early, tick', ...shown(early)));
    });
    early.on('connect', () => {
      log('early, connect', ...shown(early));
      early.destroy();
      server.close();
    });
  });
});
