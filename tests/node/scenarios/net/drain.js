'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const big = Buffer.alloc(8 * 1024 * 1024);
const server = net.createServer((s) => {
  setTimeout(() => s.resume(), 50);
}).listen(port, host, () => {
  const s = watch(log, net.connect({ port, host }));
  s.on('connect', () => {
    log(s.write(Buffer.alloc(100)), s.writableNeedDrain, s.writableLength);
    log(s.write(big, (...e) => log('written', ...e)), s.writableNeedDrain, s.writableLength);
    log(s.write('x'), s.writableLength, s.bytesWritten);
    s.on('drain', () => { log(s.writableNeedDrain, s.writableLength); s.end(); });
  });
  s.on('close', () => server.close());
  s.resume();
});
