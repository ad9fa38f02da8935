'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer();
server.listen({ port, host: '::', ipv6Only: true }, () => {
  log(server.address());
  watch(log, net.connect(port, host)).on('close', () => server.close());
});
