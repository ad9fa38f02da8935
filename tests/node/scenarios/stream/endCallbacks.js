'use strict';
const { actor } = require('../../harness');
const { Writable } = require('stream');

const log = actor('main');
const w = new Writable({ write(c, e, cb) { cb(); } });
w.on('finish', () => { log('finish'); w.end((e) => log('in finish', e)); }).on('close', () => { log('close'); w.end((e) => log('in close', e)); });
w.end('x', 'utf8', (e) => log('first', e));
w.end((e) => log('second', e));
setTimeout(() => {
  w.end((e) => log('late', e));
  w.end('y', (e) => log('late with data', e));
  log('asked');
}, 5);
w.on('error', (e) => log('error', e));
