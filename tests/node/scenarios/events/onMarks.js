'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
class Paused extends EventEmitter {
  pause() { log('pause'); }
  resume() { log('resume'); }
}
(async () => {
  const e = new Paused();
  const it = events.on(e, 'x', { highWaterMark: 2, lowWaterMark: 1, close: ['end', 'close'] });
  for (let i = 0; i < 4; i++) { log('emit', i); e.emit('x', i); }
  for (let i = 0; i < 4; i++) log((await it.next()).value);
  e.emit('x', 'last');
  log(e.eventNames());
  e.emit('end');
  log(e.eventNames(), (await it.next()).value, (await it.next()).done);
  for (const mark of [0, -1, 1.5, 'x', NaN, null, undefined, true]) {
    attempt(log, 'high', () => typeof events.on(e, 'x', { highWaterMark: mark }));
    attempt(log, 'low', () => typeof events.on(e, 'x', { lowWatermark: mark }));
  }
})();
