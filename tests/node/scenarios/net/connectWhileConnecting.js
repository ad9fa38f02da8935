'use strict';
const { actor, attempt, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => { log('connection'); s.end(); }).listen(port, host, () => {
  const s = new net.Socket();
  s.connect(port, host, () => log('first'));
  attempt(log, 'missing', () => s.connect({}));
  s.on('close', () => server.close()).resume();
});
