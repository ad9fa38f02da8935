'use strict';
const { actor } = require('../../harness');
const { Readable, Writable } = require('stream');

const log = actor('main');
const r = new Readable({ encoding: 'utf8', read() {} });
r.push('\u{1f600}\u00e9z');
log(r.readableLength, r.read(2) === '\u{1f600}', r.readableLength, r.read());
const w = new Writable({ decodeStrings: false, write(c, e, cb) { log(c, e, w.writableLength); setTimeout(cb, 1); } });
log(w.write('\u{1f600}\u00e9'), w.writableLength, w.write('z', 'latin1'), w.writableLength);
