'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => {
  s.on('error', () => {});
  s.write('one');
}).listen(port, host, async () => {
  const s = watch(log, net.connect(port, host));
  for await (const chunk of s) { log('chunk', chunk); break; }
  log('left', s.destroyed);
  server.close();
});
