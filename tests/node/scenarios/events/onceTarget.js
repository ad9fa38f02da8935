'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const t = new EventTarget();
events.once(t, 'x').then(([event]) => log('x', event.type, event.target === t));
t.dispatchEvent(new Event('x'));
const ac = new AbortController();
events.once(t, 'y', { signal: ac.signal }).catch((err) => log(err));
log(events.getEventListeners(t, 'y').length);
ac.abort();
log(events.getEventListeners(t, 'y').length);
