'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
let made = 0;
const server = net.createServer((s) => s.end('abcdef')).listen(port, host, () => {
  const s = watch(log, net.connect({ port, host, onread: {
    buffer() { made++; return Buffer.alloc(3); },
    callback(n, its) {
      log('read', its.toString('latin1', 0, n), made > 0);
      setTimeout(() => { log('resuming'); s.resume(); }, 20);
      return false;
    },
  } }));
  s.on('close', () => server.close());
});
