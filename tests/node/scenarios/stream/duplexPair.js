'use strict';
const { actor } = require('../../harness');
const stream = require('stream');

const log = actor('main');
const [a, b] = stream.duplexPair({ highWaterMark: 4 });
for (const ev of ['data', 'end', 'finish', 'close']) { a.on(ev, (v) => log('a', ev, v)); b.on(ev, (v) => log('b', ev, v)); }
log(a.write('hello'), a.writableLength, b.readableLength);
a.on('drain', () => log('drain'));
b.write(Buffer.alloc(0), () => log('empty written'));
setTimeout(() => { a.end('bye'); b.end(); }, 5);
