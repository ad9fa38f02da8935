'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
const late = () => log('late');
const last = () => log('last');
e.on('x', () => { log('first'); e.on('x', late); e.off('x', last); });
e.on('x', last);
e.emit('x');
log('again');
e.off('x', late);
e.emit('x');
e.removeAllListeners();
e.once('y', () => { log('once'); e.emit('y'); });
e.on('y', () => log('every'));
e.emit('y');
