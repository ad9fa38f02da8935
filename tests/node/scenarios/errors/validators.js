// Flags: --expose-internals
'use strict';
const { actor, attempt, odd } = require('../../harness');

const log = actor('main');
const v = require('internal/validators');
for (const value of odd) {
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
