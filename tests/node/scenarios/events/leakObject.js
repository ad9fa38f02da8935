'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
e.setMaxListeners(1);
process.on('warning', (w) => log(w.name, w.emitter === e, w.type, w.count, w.code));
e.on('x', log).on('x', log);
