'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const clients = actor('clients');
const server = net.createServer((s) => {
  log('connection');
  s.resume();
}).listen(port, host, () => {
  server.maxConnections = 1;
  const first = net.connect(port, host, () => {
    const second = net.connect(port, host, () => clients('second connected'));
    second.on('close', (...a) => { clients('second closed', ...a); first.end(); }).resume();
  });
  first.resume().on('close', () => server.close());
});
server.on('drop', (data) => log('drop', data.localAddress, data.localPort, data.localFamily,
                                data.remoteAddress, data.remotePort > 0, data.remoteFamily));
