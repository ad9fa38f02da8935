'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const peer = actor('server');
const server = net.createServer((s) => {
  watch(peer, s);
  s.pipe(s);
  s.on('close', () => server.close(() => peer('closed')));
});
server.listen(port, host, () => {
  const c = watch(log, net.connect({ port, host }));
  c.on('data', (d) => log('data', d));
  log(c.write('hello'), c.connecting, c.pending, c.readyState);
  c.end(' world');
});
