// Runs programs of those who wait; tests/node/waitprograms.py makes them and does the same.
'use strict';
const events = require('events');
const { EventEmitter } = events;

async function run(program) {
  const lines = [];
  const e = new EventEmitter();
  const controllers = [new AbortController(), new AbortController()];
  const iterators = [];
  e.pause = () => lines.push('pause');
  e.resume = () => lines.push('resume');
  const show = (v) => (Array.isArray(v) ? v.map((a) => a.message ?? a).join() : v.done ? 'done' : show(v.value ?? []));
  const say = (label) => [(v) => lines.push(`${label} ${show(v)}`), (err) => lines.push(`${label} ${err.message}`)];
  function step([op, n, k]) {
    const options = k < 2 ? { signal: controllers[k].signal } : {};
    const it = iterators[n % iterators.length];
    try {
      switch (op) {
        case 'emit': lines.push(`emit ${e.emit('x', n)}`); break;
        case 'close': e.emit('y', n); break;
        case 'error': e.emit('error', new Error(`error ${n}`)); break;
        case 'once': events.once(e, n % 2 ? 'x' : 'error', options).then(...say(`once ${n}`)); break;
        case 'on': iterators.push(events.on(e, 'x', { ...options, close: ['y'], highWaterMark: 2 })); break;
        case 'next': it?.next().then(...say(`next ${n}`)); break;
        case 'return': it?.return(); break;
        case 'throw': it?.throw(new Error(`thrown ${n}`)); break;
        case 'abort': controllers[n % 2].abort(); break;
        case 'tick': process.nextTick(() => { lines.push(`tick ${n}`); step(['emit', n, k]); }); break;
        case 'microtask': queueMicrotask(() => lines.push(`microtask ${n}`)); break;
      }
    } catch (err) {
      lines.push(`threw ${err.message}`);
    }
  }
  for (const round of program) {
    // Not in this function itself: it goes on in a microtask, where ticks come last.
    await new Promise((resolve) => setImmediate(() => { round.forEach(step); setImmediate(resolve); }));
    const on = e.eventNames().map((type) => `${type} ${e.listenerCount(type)}`);
    const aborts = controllers.map((each) => events.getEventListeners(each.signal, 'abort').length);
    lines.push(`${on.join()}; ${aborts.join()}`);
  }
  return lines;
}

(async () => {
  const all = [];
  for (const program of JSON.parse(require('fs').readFileSync(0, 'utf8'))) all.push(await run(program));
  console.log(JSON.stringify(all));
})();
