'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.resume()).listen(port, host, () => {
  const s = watch(log, net.connect(port, host));
  s.on('connect', () => {
    log(s.remotePort === port, s.destroy(new Error('mine')) === s, s.destroyed);
    s.destroy(new Error('second'));
    process.nextTick(() => log('tick', s.errored, s.closed));
  });
  s.on('close', () => { log(s.remotePort === port, s.pending, s.readyState); server.close(); });
});
