'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
class Foo extends EventEmitter {}
const e = new Foo();
for (let i = 0; i < 12; i++) e.on('x', () => {});
for (let i = 0; i < 11; i++) e.once(null, () => {});
e.setMaxListeners(1);
e.on('y', () => {}).on('y', () => {});
e.on(Symbol('s'), () => {});
const s = Symbol('symbol');
e.on(s, () => {}).prependListener(s, () => {});
e.setMaxListeners(0);
e.on('z', () => {}).on('z', () => {});
const f = () => {};
e.setMaxListeners(2.5);
e.on('w', f).on('w', f).on('w', f).on('w', f);
e.off('w', f).off('w', f).on('w', f).on('w', f);
e.removeAllListeners('w');
e.on('w', f).on('w', f).on('w', f);
const plain = new EventEmitter();
plain.setMaxListeners(1).on('x', f).on('x', f);
