'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const s = watch(log, net.connect({ port, host: 'foo', lookup(name, options, callback) {
  log('asked', name, options.family, options.hints, options.all);
  setTimeout(callback, 5, null, [{ address: '127.0.0.1', family: 4 },
                                 { address: '127.0.0.2', family: 4 },
                                 { address: '::1', family: 6 },
                                 { address: '127.0.0.1', family: 4 }]);
} }));
s.on('close', () => log(s.autoSelectFamilyAttemptedAddresses));
