'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const controller = new AbortController();
const s = watch(log, net.connect({ port, host, signal: controller.signal }));
log(s.destroyed);
controller.abort();
log(s.destroyed, s.errored !== null);
