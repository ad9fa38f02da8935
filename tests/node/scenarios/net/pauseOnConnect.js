'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer({ pauseOnConnect: true }, (s) => {
  watch(log, s);
  log(s.isPaused(), s.readableFlowing);
  s.on('data', (d) => log('data', d));
  setTimeout(() => { log(s.bytesRead); s.resume(); }, 30);
  s.on('close', () => server.close());
}).listen(port, host, () => net.connect(port, host).end('abc'));
