'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => setTimeout(() => s.resetAndDestroy(), 10));
server.listen(port, host, () => {
  const s = watch(log, net.connect(port, host));
  s.pause();
  // Nobody asks for the outcome.
  setTimeout(() => log(s.write(Buffer.from('x')), s.destroyed, s.bytesWritten), 50);
  s.on('close', () => server.close());
});
