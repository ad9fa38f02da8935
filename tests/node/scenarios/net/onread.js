'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const buffer = Buffer.alloc(4);
const got = [];
const server = net.createServer((s) => s.end('abcdefghij')).listen(port, host, () => {
  const s = watch(log, net.connect({ port, host, onread: { buffer, callback(n, its) {
    got.push(its.toString('latin1', 0, n));
    if (its !== buffer) log('another buffer');
    return true;
  } } }));
  s.on('data', (d) => log('data', d));
  s.on('end', () => log(got.join(''), s.bytesRead, s.listenerCount('data')));
  s.on('close', () => server.close());
});
