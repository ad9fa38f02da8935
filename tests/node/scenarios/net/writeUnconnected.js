'use strict';
const { actor, attempt } = require('../../harness');
const { about, watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const s = watch(log, new net.Socket());
log(s.write('x', (e) => log('callback', about(e))), s.bytesWritten, s.writableLength);
const chunks = [5, null, undefined, {}, true];
for (const chunk of chunks) attempt(log, 'write', () => s.write(chunk));
attempt(log, 'encoding', () => s.write('x', 'nope'));
