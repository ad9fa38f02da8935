'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
(async () => {
  const of = (n) => Readable.from(Array.from({ length: n }, (_, i) => i + 1));
  const tell = async (label, f) => { try { log(label, await f()); } catch (e) { log(label, e); } };
  await tell('fn', () => of(1).map());
  await tell('fn', () => of(1).filter(5));
  await tell('fn', () => of(1).forEach('x'));
  await tell('options', () => of(1).map((x) => x, 1));
  await tell('concurrency', () => of(1).map((x) => x, { concurrency: 'x' }));
  await tell('concurrency', () => of(1).map((x) => x, { concurrency: -1 }));
  await tell('signal', () => of(1).toArray({ signal: true }));
  await tell('number', () => of(1).take(-1));
  await tell('reducer', () => of(1).reduce(5));
  await tell('empty', () => of(0).reduce((a, b) => a));
  await tell('throws', () => of(3).map((x) => { throw new Error('m' + x); }).toArray());
  await tell('rejects', () => of(3).map(async (x) => { if (x === 2) throw new Error('r' + x); return x; }).toArray());
  await tell('forEach', () => of(3).forEach(async () => { throw new Error('each'); }));
  const ac = new AbortController();
  const r = new Readable({ objectMode: true, read() {} });
  r.push(1);
  setTimeout(() => { ac.abort(); r.push(2); }, 5);
  await tell('aborted', () => r.toArray({ signal: ac.signal }));
  await tell('aborted', () => of(2).reduce((a, b) => a, 0, { signal: ac.signal }));
})();
