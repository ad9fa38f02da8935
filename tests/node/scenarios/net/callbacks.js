'use strict';
const { actor, finish, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.resume()).listen(port, host, () => {
  const s = net.connect(port, host, () => {
    log('connected');
    s.write('a', (...e) => log('a', ...e));
    s.write('b', 'utf8', (...e) => log('b', ...e));
    process.nextTick(() => log('tick'));
    s.end('c', () => log('end', s.writableFinished));
    log('returned');
  });
  s.write('early', (...e) => log('early', ...e));
  s.on('finish', () => log('finish')).resume();
  s.on('close', () => server.close());
});
