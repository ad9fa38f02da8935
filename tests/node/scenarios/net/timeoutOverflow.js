'use strict';
const { actor } = require('../../harness');
const net = require('net');

const log = actor('main');
for (const msecs of [2 ** 31 - 1, 2 ** 31, 2 ** 31 + 0.5]) {
  const socket = new net.Socket();
  socket.setTimeout(msecs);
  log(socket.timeout);
  socket.destroy();
}
