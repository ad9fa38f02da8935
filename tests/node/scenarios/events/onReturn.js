'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
(async () => {
  const e = new EventEmitter();
  const it = events.on(e, 'x');
  const waiting = it.next();
  log((await it.return()).done, (await waiting).done, e.eventNames());
  const jt = events.on(e, 'x');
  e.emit('x', 'queued');
  await jt.return();
  e.emit('x', 'too late');
  log((await jt.next()).value, (await jt.next()).done);
  const kt = events.on(e, 'x');
  kt.throw(new Error('thrown'));
  log(e.eventNames());
  await kt.next().catch((err) => log('next', err));
  log((await kt.next()).done);
  for (const value of [undefined, null, 'x', 5, {}])
    attempt(log, 'throw', () => events.on(e, 'x').throw(value));
})();
