'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
const it = events.on(e, 'x');
const next = (label) => it.next().then(({ value, done }) => log(label, value ?? 'none', done), (err) => log(label, err));
next('a');
next('b');
e.emit('x', 1);
next('c');
e.emit('error', new Error('boom'));
next('d');
process.nextTick(() => {
  const jt = events.on(e, 'x');
  e.emit('x', 1);
  e.emit('x', 2);
  e.emit('error', new TypeError('later'));
  log(e.eventNames());
  const then = (label) => jt.next().then(({ value, done }) => log(label, value ?? 'none', done), (err) => log(label, err));
  then('e');
  then('f');
  then('g');
  then('h');
});
