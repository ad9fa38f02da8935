'use strict';
const { actor } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const s = watch(log, new net.Socket());
log(s.resetAndDestroy() === s, s.destroyed);
