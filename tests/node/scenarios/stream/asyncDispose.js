'use strict';
const { actor } = require('../../harness');
const { Readable, Writable } = require('stream');

const log = actor('main');
(async () => {
  const r = new Readable({ read() {} });
  r.on('error', (e) => log('r error', e)).on('close', () => log('r close'));
  log(await r[Symbol.asyncDispose](), r.destroyed);
  const w = new Writable({ write(c, e, cb) { cb(); } });
  w.on('error', (e) => log('w error', e));
  log(await w[Symbol.asyncDispose](), w.destroyed);
  const x = new Readable({ read() {}, destroy(e, cb) { cb(new Error('x')); } });
  try { await x[Symbol.asyncDispose](); } catch (e) { log(e); }
})();
