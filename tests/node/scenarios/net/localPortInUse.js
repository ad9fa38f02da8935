'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer().listen(port, host, () => {
  const s = watch(log, net.connect({ port: 1, host, localPort: port, localAddress: host }));
  s.on('close', () => server.close());
});
