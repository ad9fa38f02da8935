'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
(async () => {
  const r = new Readable({ read() {} });
  r.push('a');
  setTimeout(() => r.destroy(new Error('broken')), 5);
  try {
    for await (const c of r) log(c);
  } catch (e) {
    log(e);
  }
  const p = new Readable({ read() {} });
  setTimeout(() => p.destroy(), 5);
  try {
    for await (const c of p) log(c);
  } catch (e) {
    log(e);
  }
})();
