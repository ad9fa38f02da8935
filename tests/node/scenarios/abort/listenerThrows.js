'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');

const log = actor('main');
const ac = new AbortController();
ac.signal.addEventListener('abort', () => { throw new Error('of a listener'); });
ac.signal.addEventListener('abort', () => log('called all the same'));
ac.signal.addEventListener('abort', async () => { throw new TypeError('later'); });
ac.abort();
log('aborted');
