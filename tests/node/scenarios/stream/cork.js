'use strict';
const { actor } = require('../../harness');
const { Writable } = require('stream');

const log = actor('main');
const w = new Writable({
  write(c, e, cb) { log('_write', c); cb(); },
  writev(chunks, cb) { log('_writev', chunks.map((c) => c.chunk), chunks.map((c) => c.encoding), chunks.allBuffers); cb(); },
});
w.cork();
w.cork();
w.write('a');
w.write(Buffer.from('b'), (e) => log('b written', e));
log(w.writableCorked, w.writableLength);
w.uncork();
log(w.writableCorked, w.writableLength);
w.uncork();
log(w.writableCorked, w.writableLength);
w.uncork();
w.cork();
w.write('c');
w.write('d');
w.end('e');
log(w.writableCorked);
w.on('finish', () => log('finish'));
