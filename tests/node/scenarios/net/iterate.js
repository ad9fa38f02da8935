'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => {
  s.write('one');
  setTimeout(() => s.end('two'), 20);
}).listen(port, host, async () => {
  const s = watch(log, net.connect(port, host));
  for await (const chunk of s) log('chunk', chunk);
  log('through', s.destroyed, s.readableEnded);
  server.close();
});
