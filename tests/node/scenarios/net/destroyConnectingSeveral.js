'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const lookup = (name, options, callback) => {
  callback(null, [{ address: host, family: 4 }, { address: '127.0.0.2', family: 4 }]);
};
const server = net.createServer().listen(port, host, () => {
  const s = watch(log, net.connect({ port, host: 'some.name', lookup }));
  process.nextTick(() => s.destroy());
  s.on('close', () => server.close());
});
