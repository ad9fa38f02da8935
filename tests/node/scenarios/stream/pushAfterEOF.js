'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
const r = new Readable({ read() {} });
r.on('error', (e) => log(e, r.destroyed, r.closed)).on('close', () => log('close', r.errored));
r.push('a');
r.push(null);
log(r.push(null), r.push(''), r.push('b'), r.destroyed, r.errored);
