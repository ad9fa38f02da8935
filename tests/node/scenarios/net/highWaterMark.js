'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const server = net.createServer({ highWaterMark: 5 }, (s) => {
  log(s.readableHighWaterMark, s.writableHighWaterMark);
  log(s.write('1234'), s.write('5'), s.writableLength);
  s.end();
}).listen(port, host, () => {
  const s = net.connect({ port, host, highWaterMark: 7 }).resume();
  log(s.readableHighWaterMark, s.writableHighWaterMark, s.write('123456'), s.write('7'));
  s.on('close', () => server.close());
});
