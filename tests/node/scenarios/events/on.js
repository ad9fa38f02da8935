'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
(async () => {
  const e = new EventEmitter();
  process.nextTick(() => { e.emit('x', 'bar'); e.emit('x', 42, 'more'); });
  for await (const args of events.on(e, 'x')) {
    log(args, e.listenerCount('x'), e.listenerCount('error'));
    if (args[0] === 42) break;
  }
  log('left', e.eventNames());
  process.nextTick(() => { e.emit('x', 1); e.emit('x', 2); e.emit('error', new Error('boom')); e.emit('x', 3); });
  const it = events.on(e, 'x');
  try {
    for await (const args of it) log(args);
  } catch (err) {
    log('failed', err);
  }
  log((await it.next()).done, e.eventNames());
})();
