'use strict';
const { actor } = require('../../harness');
const stream = require('stream');
const { Readable } = stream;

const log = actor('main');
(async () => {
  const { finished } = stream.promises;
  const r = new Readable({ read() {} });
  setTimeout(() => { r.push(null); r.resume(); }, 5);
  log(await finished(r), r.listenerCount('end'));
  const b = new Readable({ read() {} });
  setTimeout(() => b.destroy(new Error('b')), 5);
  try { await finished(b, { cleanup: true }); } catch (e) { log(e, b.listenerCount('end')); }
  try { await finished({}); } catch (e) { log(e); }
  const ac = new AbortController();
  const s = new Readable({ read() {} });
  setTimeout(() => ac.abort(), 5);
  try { await finished(s, { signal: ac.signal }); } catch (e) { log(e, s.destroyed); }
})();
