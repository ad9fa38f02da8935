'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
log(e.getMaxListeners(), EventEmitter.defaultMaxListeners, events.getMaxListeners(e));
EventEmitter.defaultMaxListeners = 5;
log(e.getMaxListeners(), new EventEmitter().getMaxListeners());
e.setMaxListeners(0);
log(e.getMaxListeners());
for (const n of [-1, NaN, -0.5, 'x', null, true, [], '5']) {
  attempt(log, 'emitter', () => e.setMaxListeners(n));
  attempt(log, 'default', () => { EventEmitter.defaultMaxListeners = n; });
  attempt(log, 'function', () => events.setMaxListeners(n));
}
attempt(log, 'none', () => e.setMaxListeners());
log(e.getMaxListeners(), EventEmitter.defaultMaxListeners);
events.setMaxListeners(7);
log(EventEmitter.defaultMaxListeners);
events.setMaxListeners(3, e);
log(e.getMaxListeners(), EventEmitter.defaultMaxListeners);
attempt(log, 'target', () => events.setMaxListeners(3, {}));
attempt(log, 'get', () => events.getMaxListeners({}));
e.setMaxListeners(Infinity);
log(e.getMaxListeners());
EventEmitter.defaultMaxListeners = 10;
