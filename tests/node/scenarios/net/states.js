'use strict';
const { actor, finish, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.end()).listen(port, host, () => {
  const s = new net.Socket();
  const state = (when) => log(when, s.readyState, s.pending, s.connecting, s.readable, s.writable,
                              s.destroyed, s.closed, s.writableEnded, s.writableFinished);
  state('new');
  s.connect(port, host);
  state('connect');
  for (const name of ['connect', 'ready', 'end', 'finish', 'close'])
    s.on(name, () => state(name));
  s.on('close', () => server.close());
  s.resume();
});
