'use strict';
const { actor } = require('../../harness');
const { about, watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const s = watch(log, new net.Socket());
s.destroy();
log(s.write('x', (e) => log('callback', about(e))));
log(s.end('y', (e) => log('end', about(e))) === s);
