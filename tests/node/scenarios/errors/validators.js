// Flags: --expose-internals
'use strict';
const { actor, attempt } = require('../../harness');

const log = actor('main');
const v = require('internal/validators');
for (const value of [undefined, null, true, false, 0, -0, 1, -1, 1.5, NaN, Infinity, 2 ** 31, 2 ** 32, 2 ** 53, '', 'x', '80', ' 80 ', '0x50', '0b11', '1e2', '1_0', 'Infinity', '-1', '65536', [], [1], {}, () => {}, Buffer.from('x')]) {
  attempt(log, 'String', () => v.validateString(value, 'x'));
  attempt(log, 'Boolean', () => v.validateBoolean(value, 'x'));
  attempt(log, 'Function', () => v.validateFunction(value, 'x'));
  attempt(log, 'Array', () => v.validateArray(value, 'x'));
  attempt(log, 'Buffer', () => v.validateBuffer(value, 'x'));
  attempt(log, 'StringArray', () => v.validateStringArray(value, 'x'));
  attempt(log, 'Object', () => v.validateObject(value, 'x'));
  attempt(log, 'functions', () => v.validateObject(value, 'x', v.kValidateObjectAllowFunction));
  attempt(log, 'nullable', () => v.validateObject(value, 'x', v.kValidateObjectAllowNullable));
  attempt(log, 'arrays', () => v.validateObject(value, 'x', v.kValidateObjectAllowArray));
  attempt(log, 'one of', () => v.validateOneOf(value, 'x', ['x', 1, true, null]));
  attempt(log, 'longer', () => v.validateArray(value, 'x', 1));
}
