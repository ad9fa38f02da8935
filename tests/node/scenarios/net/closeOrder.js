'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const clients = [];
// Of those that are closed at once, the last is told first.
const server = net.createServer((s) => {
  log('connection');
  s.resume();
  if (clients.push(s) === 3) {
    for (const [index, each] of clients.entries()) {
      each.on('close', () => { log('closed', index); });
      each.destroy();
    }
    server.close();
  }
}).listen(port, host, () => {
  for (let n = 0; n < 3; n++) net.connect(port, host).resume();
});
