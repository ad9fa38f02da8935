'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
let answer;
const s = watch(log, net.connect({ port, host: 'foo', lookup(name, options, callback) {
  answer = callback;
} }));
s.destroy();
setTimeout(() => {
  answer(null, [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }]);
  log('answered', s.connecting);
}, 10);
const one = watch(actor('one'), net.connect({ port, host: 'foo', family: 4,
  lookup(name, options, callback) { setTimeout(callback, 10, null, '127.0.0.1', 4); } }));
one.on('lookup', () => one.destroy());
