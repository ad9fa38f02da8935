'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => {
  setTimeout(() => {
    log(s.readableLength > 0, s.readableLength < 1e6, s.bytesRead === s.readableLength);
    let n = 0;
    s.on('data', (d) => { n += d.length; });
    s.on('end', () => { log('end', n); server.close(); });
  }, 50);
}).listen(port, host, () => {
  net.connect(port, host).resume().end(Buffer.alloc(10 * 1024 * 1024));
});
