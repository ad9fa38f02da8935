'use strict';
const { actor, attempt, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
log(net.getDefaultAutoSelectFamily(), net.getDefaultAutoSelectFamilyAttemptTimeout());
for (const value of [1, 'x', null, false])
  attempt(log, 'family', () => net.setDefaultAutoSelectFamily(value));
for (const value of ['1', 0, 1.5, -1, 5, 300])
  attempt(log, 'timeout', () => { net.setDefaultAutoSelectFamilyAttemptTimeout(value);
    return net.getDefaultAutoSelectFamilyAttemptTimeout(); });
log(net.getDefaultAutoSelectFamily());
watch(log, net.connect({ port, host: 'foo', lookup(name, options, callback) {
  log(options.all);
  callback(null, '127.0.0.1', 4);
} }));
