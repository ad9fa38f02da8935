// What the scenarios share, for Node 20; tests/node/harness.py is the same for nodenet.
'use strict';

const port = Number(process.env.SCENARIO_PORT);
const dir = process.env.SCENARIO_DIR;
const traces = {};

// An array, an object, a string within one: one way for both languages to print a value.
function show(value) {
  if (value === undefined || value === null) return 'null';
  if (Buffer.isBuffer(value) || value instanceof Uint8Array)
    return 'bytes ' + JSON.stringify(Buffer.from(value).toString('latin1'));
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'function';
  if (typeof value !== 'object') return String(value);
  if (value instanceof Error || value.name === 'AbortError') return error(value);
  if (Array.isArray(value)) return '[' + value.map(show).join(', ') + ']';
  const proto = Object.getPrototypeOf(value);
  if (proto === Object.prototype || proto === null)
    return '{' + Object.keys(value).map((k) => `${k}: ${show(value[k])}`).join(', ') + '}';
  return value.constructor.name;
}

function error(e) {
  const code = e.code === undefined ? '' : ` ${e.code}`;
  return `<${e.name}${code}: ${e.message}>`;
}

function line(parts) {
  return parts.map((p) => (typeof p === 'string' ? p : show(p))).join(' ')
    .replaceAll('\n', '\\n').replaceAll(dir, 'DIR').replaceAll(String(port), 'PORT');
}

// A function that logs a line for this actor; lines are compared actor by actor.
function actor(name) {
  traces[name] ??= [];
  return (...parts) => { traces[name].push(line(parts)); };
}

// Log what a call returns, or what it throws.
function attempt(log, label, call) {
  try {
    log(label, '->', call());
  } catch (e) {
    log(label, 'threw', e);
  }
}

// End the program in so many milliseconds.
function finish(msecs) {
  setTimeout(() => process.exit(), msecs + 50);
}

process.on('uncaughtException', (e) => actor('process')('uncaught', e));
process.on('unhandledRejection', (e) => actor('process')('uncaught', e));
process.removeAllListeners('warning');
process.on('warning', (w) => actor('process')('warning', `${w.name}: ${w.message}`));
process.on('exit', () => {
  let out = '';
  for (const name of Object.keys(traces).sort())
    out += [`[${name}]`, ...traces[name], ''].join('\n');
  require('fs').writeSync(1, out);
});

// What is given in place of what is right.
const odd = [
  undefined, null, true, false, 0, -0, 1, -1, 1.5, NaN, Infinity, 2 ** 31, 2 ** 32, 2 ** 53,
  '', 'x', '80', ' 80 ', '0x50', '0b11', '1e2', '1_0', 'Infinity', '-1', '65536',
  [], [1], {}, () => {}, Buffer.from('x'),
];

module.exports = { actor, attempt, dir, finish, host: '127.0.0.1', odd, port, show };
