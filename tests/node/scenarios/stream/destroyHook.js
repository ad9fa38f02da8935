'use strict';
const { actor } = require('../../harness');
const { Duplex } = require('stream');

const log = actor('main');
const hooks = {
  swallow: (e, cb) => cb(),
  own: (e, cb) => cb(new Error('own')),
  thrown: () => { throw new Error('thrown'); },
  twice: (e, cb) => { cb(e); cb(new Error('second')); },
  later: (e, cb) => setTimeout(cb, 5, e),
};
for (const how of Object.keys(hooks)) {
  const d = new Duplex({ destroy: hooks[how], read() {}, write() {} });
  d.on('error', (e) => log(how, 'error', e)).on('close', () => log(how, 'close', d.errored));
  d.destroy(new Error('first'));
  log(how, d.closed, d.errored);
}
