'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => {
  watch(log, s);
  s.write('lost?');
  log(s.destroy() === s, s.readyState);
  server.getConnections((e, n) => log('connections', n));
  server.close(() => log('closed'));
}).listen(port, host, () => {
  net.connect(port, host).on('error', () => {}).resume();
});
