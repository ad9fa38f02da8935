'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const s = watch(log, net.connect({ port, host }));
s.on('error', () => log('in error', s.destroyed, s.connecting, s.pending, s.readyState));
s.on('close', () => log('in close', s.destroyed, s.closed, s.remoteAddress));
log(s.connecting, s.readyState);
