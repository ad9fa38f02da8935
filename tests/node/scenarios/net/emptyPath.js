'use strict';
const { actor, attempt, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
// A path that is none is none; without a port it is port 0.
for (const path of ['', 0, false]) {
  attempt(log, 'path', () => {
    const s = net.connect({ path, host });
    s.on('error', (e) => log(path, e));
    return s.connecting;
  });
}
attempt(log, 'number', () => net.connect({ path: 5 }));
attempt(log, 'null', () => net.connect({ path: null }));
attempt(log, 'port', () => net.connect({ port: null, path: null }));
attempt(log, 'true', () => net.connect({ port: true }));
attempt(log, 'host', () => net.connect({ port, host: 5 }));
