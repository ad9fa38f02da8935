'use strict';
const { actor } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const controller = new AbortController();
controller.abort();
const s = watch(log, new net.Socket({ signal: controller.signal }));
log(s.destroyed);
