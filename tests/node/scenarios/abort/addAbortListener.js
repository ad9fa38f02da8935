'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');

const log = actor('main');
const ac = new AbortController();
const d = events.addAbortListener(ac.signal, (event) => log('a', event.type));
const gone = events.addAbortListener(ac.signal, () => log('never'));
gone[Symbol.dispose]();
log(events.getEventListeners(ac.signal, 'abort').length);
ac.abort();
log(events.getEventListeners(ac.signal, 'abort').length);
d[Symbol.dispose]();
events.addAbortListener(ac.signal, () => log('microtask'))[Symbol.dispose]();
process.nextTick(() => log('tick'));
log('end');
for (const value of [undefined, null, {}, 5]) attempt(log, 'signal', () => events.addAbortListener(value, () => {}));
for (const value of [undefined, null, {}, 5]) attempt(log, 'listener', () => events.addAbortListener(ac.signal, value));
