'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

// Nothing is read: the write is what finds the RST.
const log = actor('main');
const server = net.createServer({ pauseOnConnect: true }, (s) => {
  watch(log, s);
  setTimeout(() => log(s.write('x', (e) => log('written', e)), s.bytesWritten), 40);
}).listen(port, host, () => {
  const client = net.connect(port, host, () => {
    setTimeout(() => { client.resetAndDestroy(); server.close(); }, 20);
  });
});
