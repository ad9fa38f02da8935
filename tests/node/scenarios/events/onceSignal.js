'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
const over = AbortSignal.abort('why');
events.once(e, 'x', { signal: over }).catch((err) => log('over', err, err.cause));
log(e.eventNames());
const ac = new AbortController();
events.once(e, 'x', { signal: ac.signal }).catch((err) => log('aborted', err, err.cause));
log(e.eventNames(), events.getEventListeners(ac.signal, 'abort').length);
ac.abort(new TypeError('reason'));
log(e.eventNames(), events.getEventListeners(ac.signal, 'abort').length);
const bc = new AbortController();
events.once(e, 'x', { signal: bc.signal }).then((args) => log('x', args));
e.emit('x', 5);
log(e.eventNames(), events.getEventListeners(bc.signal, 'abort').length);
bc.abort();
for (const signal of [1, {}, 'hi', null, false])
  events.once(e, 'x', { signal }).catch((err) => log('invalid', err));
events.once({}, 'x').catch((err) => log('no emitter', err));
