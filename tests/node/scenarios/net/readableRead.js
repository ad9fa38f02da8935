'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.end('abcdef')).listen(port, host, () => {
  const s = watch(log, net.connect(port, host));
  s.on('readable', () => {
    let d;
    while ((d = s.read(4)) !== null) log('read', d);
  });
  s.on('close', () => server.close());
});
