'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
const r = new Readable({ read() {} });
r.on('error', (e) => log(e));
r.push('world');
r.unshift('hello ');
log(r.read(), r.unshift('again'), r.read(2), r.unshift(Buffer.from('x')), r.read());
r.push(null);
log(r.unshift('last'));
r.on('data', (d) => log('data', d));
r.on('end', () => log('end', r.unshift('late')));
