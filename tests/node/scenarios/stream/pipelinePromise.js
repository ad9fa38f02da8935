'use strict';
const { actor } = require('../../harness');
const stream = require('stream');
const { Readable, Writable, PassThrough } = stream;

const log = actor('main');
(async () => {
  const { pipeline } = stream.promises;
  log(await pipeline(['a', 'b'], async (s) => { let n = 0; for await (const c of s) n++; return n; }));
  try { await pipeline(Readable.from(['x']), new Writable({ objectMode: true, write(c, e, cb) { cb(new Error('w')); } })); } catch (e) { log(e); }
  const ac = new AbortController();
  const r = new Readable({ read() {} });
  const w = new PassThrough();
  setTimeout(() => ac.abort(), 5);
  try { await pipeline(r, w, { signal: ac.signal }); } catch (e) { log(e, r.destroyed, w.destroyed); }
  const k = new PassThrough();
  await pipeline(Readable.from(['y']), k, { end: false });
  log(k.writableEnded, k.destroyed);
  try { await pipeline(r); } catch (e) { log(e); }
})();
