'use strict';
const { actor } = require('../../harness');
const { Writable } = require('stream');

const log = actor('main');
const w = new Writable({ write(c, e, cb) { cb(); } });
w.on('error', (e) => log('error', e)).on('close', () => log('close')).on('finish', () => log('finish'));
w.end('a');
log(w.write('b', (e) => log('b', e)), w.destroyed, w.errored);
process.nextTick(() => log('tick'));
const d = new Writable({ write(c, e, cb) { cb(); } });
d.on('error', (e) => log('never', e)).on('close', () => log('d close'));
d.destroy();
log(d.write('x', (e) => log('x', e)), d.end((e) => log('end', e)) === d);
