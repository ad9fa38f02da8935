'use strict';
const { actor } = require('../../harness');
const { Writable } = require('stream');

const log = actor('main');
const w = new Writable({ highWaterMark: 3, write(c, e, cb) { log('_write', c); cb(); log('back'); } });
w.on('drain', () => log('drain')).on('prefinish', () => log('prefinish')).on('finish', () => log('finish'));
const f = (e) => log('written', e);
process.nextTick(() => log('tick'));
log(w.write('abc', f), w.write('d', f), w.write('efghi'), w.writableLength);
w.end(() => log('ended'));
log(w.writableEnded, w.writableFinished, w.writable);
