'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');

const log = actor('main');
const s = AbortSignal.abort();
log(s.aborted, s.reason);
log(AbortSignal.abort('why').reason, AbortSignal.abort(undefined).reason, AbortSignal.abort(null).reason);
s.addEventListener('abort', () => log('never'));
for (const value of [-1, 1.5, 'x', null, undefined, true, 2 ** 32, NaN]) attempt(log, 'timeout', () => AbortSignal.timeout(value));
const t = AbortSignal.timeout(20);
log(t.aborted);
t.addEventListener('abort', (event) => { log('timeout', event.type, t.reason, t.reason.code); });
setTimeout(() => log('before'), 5);
setTimeout(() => log('after'), 60);
