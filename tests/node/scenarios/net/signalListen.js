'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const controller = new AbortController();
const server = watch(log, net.createServer());
server.listen({ port, host, signal: controller.signal }, () => {
  log(server.listening);
  controller.abort();
  log(server.listening);
});
const aborted = new AbortController();
aborted.abort();
const other = watch(actor('other'), net.createServer());
other.listen({ port: 0, host, signal: aborted.signal });
