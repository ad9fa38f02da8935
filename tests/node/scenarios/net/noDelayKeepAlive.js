'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const server = net.createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 5000 },
  (s) => {
    log(server.noDelay, server.keepAlive, server.keepAliveInitialDelay, server.highWaterMark);
    log(s.setNoDelay(false) === s, s.setKeepAlive(false) === s, s.server === server);
    s.end();
  }).listen(port, host, () => {
    const s = net.connect({ port, host, noDelay: true, keepAlive: true,
                            keepAliveInitialDelay: -5 }).resume();
    s.on('close', () => server.close());
  });
log(server.allowHalfOpen, server.pauseOnConnect, server.maxConnections);
