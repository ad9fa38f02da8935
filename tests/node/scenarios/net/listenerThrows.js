'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => {
  s.on('data', (d) => { log('data', d); throw new Error('of a listener'); });
  s.on('end', () => { log('end'); server.close(); });
}).listen(port, host, () => {
  const s = net.connect(port, host, () => s.write('a'));
  setTimeout(() => s.end('b'), 30);
  s.resume();
});
