'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
class Foo {}
const e = new EventEmitter();
for (const method of ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener', 'off', 'removeListener']) {
  attempt(log, method, () => e[method]('x', null));
  attempt(log, method, () => e[method]('x'));
}
for (const value of [5, 1.5, -0, true, '', 'x', {}, [], Buffer.from('a'), new Foo(), NaN, -Infinity, new Error('x'), new TypeError('x'), 1e21, 1e-7])
  attempt(log, 'on', () => e.on('x', value));
attempt(log, 'long', () => e.on('x', 'a'.repeat(28)));
attempt(log, 'longer', () => e.on('x', 'a'.repeat(29)));
attempt(log, 'quote', () => e.on('x', 'it\'s "so"'));
e.on('newListener', () => log('never'));
attempt(log, 'on', () => e.on('x', 5));
