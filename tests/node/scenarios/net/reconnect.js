'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
let times = 0;
const server = net.createServer((s) => s.end(String(times))).listen(port, host, () => {
  const s = watch(log, new net.Socket());
  s.on('data', (d) => log('data', d));
  s.on('close', () => {
    if (++times < 3) s.connect(port, host, () => log('listener', s.bytesRead));
    else server.close();
  });
  s.connect(port, host, () => log('listener', s.bytesRead));
});
