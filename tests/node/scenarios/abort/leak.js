'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');

const log = actor('main');
const { signal } = new AbortController();
log(events.getMaxListeners(signal));
for (let i = 0; i < 12; i++) signal.addEventListener('abort', () => {});
events.setMaxListeners(1, signal);
log(events.getMaxListeners(signal));
signal.addEventListener('abort', () => {});
const t = new EventTarget();
events.setMaxListeners(1, t);
t.addEventListener('x', () => {});
t.addEventListener('x', () => {});
t.addEventListener('y', () => {});
t.addEventListener('y', () => {});
