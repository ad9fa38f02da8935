'use strict';
const { actor, host, port } = require('../../harness');
const { about, watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.resume()).listen(port, host, () => {
  const s = watch(log, net.connect(port, host)).resume();
  s.on('connect', () => {
    s.end();
    log(s.write('x', (e) => log('callback', about(e))), s.destroyed);
  });
  s.on('close', () => server.close());
});
