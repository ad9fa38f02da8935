'use strict';
const { actor } = require('../../harness');
const { Writable } = require('stream');

const log = actor('main');
const w = new Writable({ write(c, e, cb) { cb(); cb(); } });
w.on('error', (e) => log('error', e)).on('close', () => log('close'));
log(w.write('a'), w.destroyed);
const p = new Writable({ write() {} });
p.on('error', (e) => log('pipe', e));
log(p.pipe(w));
