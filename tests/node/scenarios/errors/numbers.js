// Flags: --expose-internals
'use strict';
const { actor, attempt } = require('../../harness');

const log = actor('main');
const v = require('internal/validators');
for (const value of [undefined, null, true, false, 0, -0, 1, -1, 1.5, NaN, Infinity, 2 ** 31, 2 ** 32, 2 ** 53, '', 'x', '80', ' 80 ', '0x50', '0b11', '1e2', '1_0', 'Infinity', '-1', '65536', [], [1], {}, () => {}, Buffer.from('x')]) {
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
