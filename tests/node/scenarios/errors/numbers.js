// Flags: --expose-internals
'use strict';
const { actor, attempt, odd } = require('../../harness');

const log = actor('main');
const v = require('internal/validators');
for (const value of odd) {
  attempt(log, 'Number', () => v.validateNumber(value, 'x'));
  attempt(log, 'Number, 0', () => v.validateNumber(value, 'x', 0));
  attempt(log, 'Number, 0, 5', () => v.validateNumber(value, 'x', 0, 5));
  attempt(log, 'Integer', () => v.validateInteger(value, 'x'));
  attempt(log, 'Integer, 1', () => v.validateInteger(value, 'x', 1));
  attempt(log, 'Integer, -5, 5', () => v.validateInteger(value, 'x', -5, 5));
  attempt(log, 'Int32', () => v.validateInt32(value, 'x'));
  attempt(log, 'Uint32', () => v.validateUint32(value, 'x'));
  attempt(log, 'Uint32, true', () => v.validateUint32(value, 'x', true));
  attempt(log, 'most', () => v.validateNumber(value, 'x', undefined, 5));
}
