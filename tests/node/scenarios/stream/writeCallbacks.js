'use strict';
const { actor } = require('../../harness');
const { Writable } = require('stream');

const log = actor('main');
const w = new Writable({ highWaterMark: 4, write(c, e, cb) { log('_write', c, e); process.nextTick(cb); } });
w.on('drain', () => log('drain', w.writableLength)).on('finish', () => log('finish')).on('close', () => log('close'));
log(w.write('ab', (e) => log('ab written', e)), w.writableLength, w.writableNeedDrain);
log(w.write('cde', 'latin1', (e) => log('cde written', e)), w.writableLength, w.writableNeedDrain);
log(w.write(Buffer.from('f')), w.writableBuffer.length);
process.nextTick(() => log('tick'));
setTimeout(() => w.end('bye', (e) => log('ended', e)), 5);
