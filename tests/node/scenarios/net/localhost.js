'use strict';
const { actor, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = net.createServer((s) => s.end()).listen(port, () => {
  const s = watch(log, net.connect(port, () => log('listener', s.remotePort === port)));
  log(s.connecting, s._handle !== null);
  s.resume();
  s.on('close', () => server.close());
});
