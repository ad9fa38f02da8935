// Runs programs on emitters; tests/node/emitterprograms.py makes them and does the same.
'use strict';
const { EventEmitter } = require('events');

function run(program) {
  const lines = [];
  const e = new EventEmitter();
  let depth = 0;
  let calls = 0;
  const listeners = program.listeners.map((ops, index) => (...args) => {
    if (++calls > program.calls) return;
    lines.push(`listener ${index} ${args.filter((a) => typeof a !== 'function').join(' ')}`);
    if (depth > 2) return;
    depth++;
    try { ops.forEach(step); } finally { depth--; }
  });
  const indexOf = (f) => (f.listener ? `once ${listeners.indexOf(f.listener)}` : `${listeners.indexOf(f)}`);
  function step([op, type, n]) {
    try {
      switch (op) {
        case 'emit': lines.push(`emit ${type} ${e.emit(type, n)}`); break;
        case 'throw': throw new Error(`thrown ${n}`);
        case 'offRaw': {
          const raw = e.rawListeners(type);
          if (raw.length) e.off(type, raw[n % raw.length]);
          break;
        }
        case 'callRaw': {
          const raw = e.rawListeners(type);
          if (raw.length) raw[n % raw.length]('raw');
          break;
        }
        case 'removeAll': e.removeAllListeners(type); break;
        case 'removeEvery': e.removeAllListeners(); break;
        default: e[op](type, listeners[n]);
      }
    } catch (err) {
      if (op === 'throw') throw err;
      lines.push(`caught ${err.message}`);
    }
  }
  for (const each of program.steps) {
    step(each);
    lines.push(e.eventNames().map((t) => `${String(t)}: ${e.rawListeners(t).map(indexOf)} ${e.listenerCount(t, listeners[0])} ${e.listeners(t).map((f) => listeners.indexOf(f))}`).join('; '));
  }
  return lines;
}

const programs = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(programs.map(run)));
