'use strict';
const { actor, attempt, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const answers = {
  ip: [4, null, 'zz', 4], family: [4, null, '127.0.0.1', 100], nothing: [4, null, null, null],
  failed: [4, new Error('mine')], all: [0, null, [{ address: 'x', family: 4 }]],
  allFamily: [0, null, [{ address: '127.0.0.1', family: 5 }]], allFailed: [0, new Error('mine')],
};
for (const [name, [family, ...answer]] of Object.entries(answers)) {
  watch(actor(name), net.connect({ port, host: 'foo', family, lookup(n, o, callback) {
    callback(...answer);
  } }));
}
attempt(log, 'throws', () => net.connect({ port, host: 'foo', lookup() {
  throw new Error('thrown');
} }));
