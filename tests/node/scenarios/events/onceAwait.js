'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
(async () => {
  const e = new EventEmitter();
  setTimeout(() => e.emit('x', 1, 2), 10);
  log(await events.once(e, 'x'));
  setTimeout(() => e.emit('error', new Error('boom')), 10);
  try {
    await events.once(e, 'x');
  } catch (err) {
    log('caught', err);
  }
  process.nextTick(() => e.emit('x', 3));
  log(await events.once(e, 'x'), e.eventNames());
  process.nextTick(() => { e.emit('x', 4); e.emit('x', 5); e.emit('y', 6); });
  const y = events.once(e, 'y');
  log(await events.once(e, 'x'), await y);
})();
