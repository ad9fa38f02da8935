'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const first = net.createServer().listen(port, host, () => {
  const server = watch(log, net.createServer());
  server.listen({ port, host }, () => log('listener'));
  server.once('error', () => {
    log(server.listening, server.listenerCount('listening'));
    first.close(() => server.listen(port, host, () => server.close()));
  });
});
