'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => {
  s.on('data', (d) => log('data', d));
  s.on('close', () => server.close());
}).listen(port, host, () => {
  const s = net.connect(port, host, () => {
    s.cork();
    s.write('a');
    s.write(Buffer.from('b'));
    s.write('63', 'hex');
    actor('client')(s.writableLength, s.writableCorked, s.bytesWritten);
    process.nextTick(() => { s.uncork(); s.end(); });
  }).resume();
});
