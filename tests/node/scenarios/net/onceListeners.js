'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const f = () => log('connected');
const server = net.createServer((s) => s.end()).listen(port, host, () => {
  log(server.listenerCount('listening'), server.listenerCount('close'));
  const s = net.connect(port, host, f);
  log(s.listenerCount('connect'), s.listeners('connect')[0] === f, s.eventNames());
  s.on('connect', () => log(s.listenerCount('connect')));
  s.on('close', () => server.close()).resume();
});
log(server.listenerCount('listening'), server.eventNames());
