'use strict';
const { actor, attempt } = require('../../harness');
const { Readable, Transform } = require('stream');

const up = () => new Transform({
  objectMode: true,
  transform(c, e, cb) { cb(null, String(c).toUpperCase()); },
});
async function* twice(source) { for await (const c of source) yield `${c}${c}`; }

const all = async (name, stream) => {
  const log = actor(name);
  try {
    log(await stream.toArray());
  } catch (e) {
    log('failed', e);
  }
};
all('stream', Readable.from(['a', 'b']).compose(up()));
all('generator', Readable.from(['a', 'b']).compose(twice));
all('both', Readable.from(['a', 'b']).compose(up()).compose(twice).map((c) => `${c}!`));
all('fails', Readable.from(['a']).compose(async function* (source) {
  for await (const c of source) throw new Error(`at ${c}`);
}));
all('over', Readable.from(['a']).compose(up(), { signal: AbortSignal.abort() }));
const controller = new AbortController();
all('aborted', new Readable({ read() {} }).compose(up(), { signal: controller.signal }));
controller.abort();

const log = actor('arguments');
try {
  Readable.from(['a']).compose(new Readable({ read() {} }));
} catch (e) {
  log(e.code); // its message shows all that is in it
}
attempt(log, 'options', () => Readable.from(['a']).compose(up(), 1));
attempt(log, 'signal', () => Readable.from(['a']).compose(up(), { signal: 1 }));
