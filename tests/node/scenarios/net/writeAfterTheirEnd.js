'use strict';
const { actor, host, port } = require('../../harness');
const { about, watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.end()).listen(port, host, () => {
  const s = watch(log, net.connect(port, host)).resume();
  s.on('end', () => process.nextTick(() => {
    log('ended', s.writableEnded);
    process.nextTick(() => {
      log('write', s.write('x', (e) => log('callback', about(e))), s.writableEnded);
    });
  }));
  s.on('close', () => server.close());
});
