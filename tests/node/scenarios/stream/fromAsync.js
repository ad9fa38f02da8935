'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const r = Readable.from((async function*() {
  try {
    yield 'a';
    await new Promise((f) => setTimeout(f, 5));
    yield 'b';
  } finally {
    actor('r')('finally');
  }
})());
r.on('data', (d) => actor('r')('data', d)).on('end', () => actor('r')('end')).on('close', () => actor('r')('close'));
const f = Readable.from((async function*() { yield 1; throw new Error('async'); })());
f.on('data', (d) => actor('f')('f', d)).on('error', (e) => actor('f')('f', e)).on('close', () => actor('f')('f close'));
const d = Readable.from((async function*() { try { yield 1; yield 2; } finally { actor('d')('left'); } })());
d.once('data', (c) => { actor('d')('d', c); d.destroy(); });
d.on('close', () => actor('d')('d close'));
