'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => {
  s.on('data', () => {});
  s.on('end', () => actor('server')(s.bytesRead, s.bytesWritten));
  s.end('four');
}).listen(port, host, () => {
  const s = net.connect({ port, host, allowHalfOpen: true });
  s.write('äö');
  s.write(Buffer.from('abc'));
  s.write('616263', 'hex');
  log(s.bytesWritten, s.bytesRead, s.writableLength, s.bufferSize, s.writableNeedDrain);
  s.on('connect', () => log(s.bytesWritten, s.bytesRead, s.writableLength));
  s.on('data', () => {});
  s.on('end', () => { log(s.bytesRead); s.end('!'); log(s.bytesWritten); });
  s.on('close', () => { log(s.bytesRead, s.bytesWritten, s.bufferSize); server.close(); });
});
