'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
(async () => {
  const e = new EventEmitter();
  process.nextTick(() => { e.emit('error', new Error('an event')); e.emit('error', 'x'); });
  let n = 0;
  for await (const args of events.on(e, 'error')) { log(args); if (++n === 2) break; }
  log(e.eventNames());
  const t = new EventTarget();
  process.nextTick(() => { t.dispatchEvent(new Event('x')); t.dispatchEvent(new Event('error')); t.dispatchEvent(new Event('x')); });
  n = 0;
  for await (const [event] of events.on(t, 'x')) { log(event.type); if (++n === 2) break; }
  log(events.getEventListeners(t, 'x').length);
})();
