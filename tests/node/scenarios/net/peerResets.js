'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.resetAndDestroy()).listen(port, host, () => {
  const s = watch(log, net.connect(port, host));
  s.on('error', () => log(s.destroyed, s.remotePort === port));
  s.on('close', () => server.close()).resume();
});
