'use strict';
const { actor } = require('../../harness');
const { Transform } = require('stream');

const log = actor('main');
const t = new Transform({
  transform(c, e, cb) { log('_transform', c, e); this.push(c); cb(null, '!'); },
  flush(cb) { log('_flush'); cb(null, 'flushed'); },
});
for (const ev of ['data', 'prefinish', 'finish', 'end', 'close']) t.on(ev, (v) => log(ev, v));
t.write('a');
t.end('b', () => log('ended'));
log('sync over');
