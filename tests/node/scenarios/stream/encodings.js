'use strict';
const { actor } = require('../../harness');
const stream = require('stream');
const { Writable } = stream;

const log = actor('main');
const w = new Writable({ decodeStrings: false, defaultEncoding: 'hex', write(c, e, cb) { log(c, e); cb(); } });
w.write('ab');
w.write('ab', 'UTF8');
w.write(Buffer.from('x'), 'latin1');
log(w.setDefaultEncoding('UTF-8') === w);
w.write('cd');
const b = new Writable({ write(c, e, cb) { log(c, e); cb(); } });
for (const [s, e] of [['6162zz', 'hex'], ['YWI=', 'base64'], ['YW-_', 'base64url'], ['\u20ac\xe9', 'latin1'], ['\xe9', 'ascii'], ['\u20ac', 'ucs2'], ['\ud800', 'utf8'], ['\xe9']])
  b.write(s, e);
log(stream.isWritable(b));
