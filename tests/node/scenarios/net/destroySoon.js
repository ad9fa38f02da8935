'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => {
  watch(log, s);
  s.write('bye');
  s.destroySoon();
  log(s.destroyed, s.writableEnded);
}).listen(port, host, () => {
  const s = net.connect(port, host);
  s.on('data', (d) => actor('client')('data', d));
  s.on('close', () => server.close());
});
