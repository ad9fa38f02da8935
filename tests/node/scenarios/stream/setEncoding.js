'use strict';
const { actor, attempt } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
const r = new Readable({ read() {} });
r.push(Buffer.from([0xe2, 0x82]));
log(r.readableEncoding, r.setEncoding('UTF-8') === r, r.readableEncoding, r.readableLength);
r.push(Buffer.from([0xac, 0x41]));
log(r.read());
r.push(Buffer.from([0xff, 0xf0, 0x9f]));
r.push(null);
log(r.read(), r.read());
attempt(log, 'unknown', () => r.setEncoding('nope'));
for (const e of ['hex', 'base64', 'base64url', 'latin1', 'binary', 'ascii', 'utf16le', 'ucs2']) {
  const s = new Readable({ read() {} });
  s.setEncoding(e);
  s.push(Buffer.from([0xfb, 0xff, 0x41, 0]));
  s.push(Buffer.from([0xfe]));
  s.push(null);
  log(e, s.readableEncoding, s.readableLength, s.read());
}
