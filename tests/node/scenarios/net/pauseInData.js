'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => {
  s.write('one');
  setTimeout(() => s.end('two'), 30);
}).listen(port, host, () => {
  const s = watch(log, net.connect(port, host));
  s.on('data', (d) => {
    log('data', d);
    s.pause();
    setTimeout(() => { log(s.readableLength, s.isPaused()); s.resume(); }, 60);
  });
  s.on('close', () => server.close());
});
