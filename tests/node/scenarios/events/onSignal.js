'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
(async () => {
  const e = new EventEmitter();
  attempt(log, 'over', () => events.on(e, 'x', { signal: AbortSignal.abort() }));
  for (const signal of [1, {}, 'hi', null, false]) attempt(log, 'invalid', () => events.on(e, 'x', { signal }));
  attempt(log, 'no emitter', () => events.on({}, 'x'));
  const ac = new AbortController();
  setTimeout(() => ac.abort('why'), 10);
  try {
    for await (const args of events.on(e, 'x', { signal: ac.signal })) log(args);
  } catch (err) {
    log(err, err.cause);
  }
  log(e.eventNames(), events.getEventListeners(ac.signal, 'abort').length);
  const bc = new AbortController();
  const it = events.on(e, 'x', { signal: bc.signal });
  e.emit('x', 1);
  bc.abort();
  e.emit('x', 2);
  log((await it.next()).value, await it.next().catch((err) => err), (await it.next()).done);
  const cc = new AbortController();
  const jt = events.on(e, 'x', { signal: cc.signal });
  log(events.getEventListeners(cc.signal, 'abort').length);
  await jt.return();
  log(events.getEventListeners(cc.signal, 'abort').length);
})();
