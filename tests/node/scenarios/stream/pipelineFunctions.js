'use strict';
const { actor, attempt } = require('../../harness');
const stream = require('stream');
const { Writable, PassThrough } = stream;

const log = actor('main');
const { pipeline } = stream;
pipeline(
  async function*() { yield 'a'; yield 'b'; },
  async function*(source) { for await (const c of source) { actor('value')('through', c); yield c + c; } },
  async function(source) { let all = ''; for await (const c of source) all += c; return all; },
  (e, v) => actor('value')('value', e, v));
pipeline(['x', 'y'], new PassThrough({ objectMode: true }), async (source) => { for await (const c of source) { actor('list')('got', c); } }, (e, v) => actor('list')('list', e, v));
pipeline(async function*() { yield 1; throw new Error('gen'); }, async function*(s) { for await (const c of s) yield c; }, new Writable({ objectMode: true, write(c, e, cb) { actor('failed')('w', c); cb(); } }), (e) => actor('failed')('failed', e));
pipeline(['q'], async () => { throw new Error('sink'); }, (e) => actor('sink')('sink', e));
attempt(log, 'returns', () => pipeline(() => 5, new PassThrough(), () => {}));
attempt(log, 'middle', () => pipeline(['a'], () => 5, new PassThrough(), () => {}));
attempt(log, 'last', () => pipeline(['a'], () => 5, () => {}));
