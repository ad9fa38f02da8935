'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = watch(log, net.createServer()).listen(port, host, async () => {
  await server[Symbol.asyncDispose]();
  log('disposed', server.listening);
  await server[Symbol.asyncDispose]();
  log('again');
});
