'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const s = watch(log, net.connect({ port, host: 'foo', family: 4, lookup(name, options, callback) {
  log('asked', name, options.family, options.hints, options.all);
  setTimeout(callback, 5, null, '127.0.0.1', 4);
} }));
log(s.connecting);
