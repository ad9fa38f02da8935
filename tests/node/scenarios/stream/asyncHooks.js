'use strict';
const { actor } = require('../../harness');
const { Readable, Transform, Writable } = require('stream');

// What an async hook fails with is caught by nobody; otherwise its promise does not matter.
const log = actor('readable');
let left = 2;
new Readable({ async read() { log('read'); this.push(left-- ? 'x' : null); } })
  .on('data', (chunk) => log('data', chunk)).on('end', () => log('end'));
const w = new Writable({
  async construct(callback) { actor('writable')('construct'); callback(); },
  async write(chunk, encoding, callback) { actor('writable')('write', chunk); callback(); },
  async final(callback) { actor('writable')('final'); callback(); },
  async destroy(error, callback) { actor('writable')('destroy', error); callback(error); },
});
w.on('finish', () => actor('writable')('finish')).on('close', () => actor('writable')('close'));
w.end('a', async () => { actor('writable')('ended'); });
const v = new Writable({ async writev(chunks, callback) { actor('writev')('writev', chunks.length); callback(); } });
v.cork();
v.write('a', async () => { actor('writev')('written'); });
v.write('b');
v.uncork();
const t = new Transform({
  async transform(chunk, encoding, callback) { actor('transform')('transform', chunk); callback(null, chunk); },
  async flush(callback) { actor('transform')('flush'); callback(null, 'last'); },
});
t.on('data', (chunk) => actor('transform')('data', chunk));
t.end('a');
const failing = new Writable({ async write() { throw new Error('not caught'); } });
failing.on('error', (error) => actor('failing')('error', error));
failing.write('a', (error) => actor('failing')('written', error));
