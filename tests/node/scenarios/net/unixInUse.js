'use strict';
const { actor, dir } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const path = dir + '/s';
const first = net.createServer().listen(path, () => {
  const server = watch(log, net.createServer());
  server.listen(path);
  server.on('error', () => first.close());
});
