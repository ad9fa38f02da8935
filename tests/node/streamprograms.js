// Runs programs of streams that tests/node/streamprograms.py has made, and prints what has
// happened, one JSON array a line for each. The .py is the same for nodenet.
'use strict';
const stream = require('stream');
const { Readable, Writable, Duplex, Transform, PassThrough } = stream;
const classes = { Readable, Writable, Duplex, Transform, PassThrough };

let log = [];

function show(value) {
  if (value === undefined || value === null) return null;
  if (value instanceof Error) return `<${value.code ?? value.message}>`;
  if (value instanceof Uint8Array) return 'b:' + Buffer.from(value).toString('latin1');
  if (typeof value === 'string') return 's:' + value;
  if (Array.isArray(value)) return value.map(show);
  if (typeof value === 'object' && 'chunk' in value) return show(value.chunk);
  return value;
}

const decode = (v) => (v && v.b !== undefined ? Buffer.from(v.b, 'latin1') : v);

const when = {
  sync: (f) => f(),
  tick: (f) => process.nextTick(f),
  micro: (f) => queueMicrotask(f),
  immediate: (f) => setImmediate(f),
};

function state(s) {
  const r = s._readableState;
  const w = s._writableState;
  const out = [s.destroyed, s.closed, show(s.errored)];
  if (r) {
    out.push(s.readable, s.readableLength, s.readableFlowing, s.readableEnded, s.readableAborted,
             s.readableDidRead, s.isPaused(), r.reading, r.needReadable, r.emittedReadable,
             r.readableListening, r.readingMore, r.resumeScheduled, r.pipes.length);
  }
  if (w) {
    out.push(s.writable, s.writableLength, s.writableNeedDrain, s.writableEnded,
             s.writableFinished, s.writableCorked, w.pendingcb, w.writing, w.bufferedRequestCount,
             w.prefinished);
  }
  return out;
}

function hooks(def, options, name) {
  // Each hook: {mode, when, ...}
  const h = def.hooks;
  if (h.read) {
    const chunks = h.read.chunks.map(decode);
    options.read = function(n) {
      log.push([name, '_read', n]);
      const give = () => {
        for (let i = 0; i < h.read.each && chunks.length; i++)
          log.push([name, 'push', this.push(chunks.shift())]);
      };
      if (h.read.throws && chunks.length <= h.read.throws) throw new Error('read');
      when[h.read.when](give);
    };
  }
  const back = (label, spec, after) => function(...args) {
    const cb = args.pop();
    log.push([name, label, ...args.map(show)]);
    spec.calls = (spec.calls ?? 0) + 1;
    const failed = spec.fails !== undefined && spec.calls > spec.fails;
    const err = failed ? new Error(label) : null;
    if (err && spec.throws) throw err;
    if (spec.never) return;
    when[spec.when](() => after.call(this, args, cb, err, spec));
  };
  const plain = function(args, cb, err) {
    if (err) cb(err);
    else cb();
  };
  if (h.write) options.write = back('_write', h.write, plain);
  if (h.writev) options.writev = back('_writev', h.writev, plain);
  if (h.final) options.final = back('_final', h.final, plain);
  if (h.construct) options.construct = back('_construct', h.construct, plain);
  if (h.destroy) {
    options.destroy = back('_destroy', h.destroy, function(args, cb, err, spec) {
      cb(err ?? (spec.swallows ? null : args[0]));
    });
  }
  if (h.transform) {
    options.transform = back('_transform', h.transform, function(args, cb, err, spec) {
      if (err) return cb(err);
      for (let i = 1; i < spec.each; i++) this.push(args[0]);
      if (spec.each) cb(null, args[0]);
      else cb();
    });
  }
  if (h.flush) {
    options.flush = back('_flush', h.flush, function(args, cb, err, spec) {
      if (err) cb(err);
      else cb(null, decode(spec.data));
    });
  }
}

function run(program, done) {
  const streams = {};
  log = [];
  const mine = log;
  const note = (entry) => { mine.push(entry); };
  const say = (label) => (...args) => note([label, ...args.map(show)]);
  for (const def of program.streams) {
    const options = { ...def.options };
    hooks(def, options, def.name);
    const s = streams[def.name] = def.items === null ?
      new classes[def.kind](options) : Readable.from(def.items.map(decode), options);
    s.on('error', (e) => note([def.name, 'error', show(e), ...state(s)]));
    for (const event of def.listens) {
      const listener = (...args) => {
        note([def.name, event, ...(event === 'pipe' || event === 'unpipe' ? [] : args.map(show)), ...state(s)]);
      };
      s.on(event, listener);
    }
  }
  const listeners = {};
  const ops = {
    push: (s, v) => s.push(decode(v)),
    unshift: (s, v) => s.unshift(decode(v)),
    read: (s, n) => (n === null ? s.read() : s.read(n)),
    readAll: (s) => { let c; const got = []; while ((c = s.read()) !== null) got.push(show(c)); return got.join(); },
    pause: (s) => { s.pause(); },
    resume: (s) => { s.resume(); },
    setEncoding: (s, e) => { s.setEncoding(e); },
    on: (s, event, name) => {
      const key = name + event;
      listeners[key] ??= (...args) => {
        note([name, 'extra ' + event, ...args.map(show)]);
        if (event === 'readable') note([name, 'got', show(s.read())]);
      };
      s.on(event, listeners[key]);
    },
    once: (s, event, name) => {
      s.once(event, (...args) => note([name, 'once ' + event, ...args.map(show)]));
    },
    off: (s, event, name) => { const l = listeners[name + event]; if (l) s.off(event, l); },
    removeAll: (s, event) => { s.removeAllListeners(event); },
    pipe: (s, other, name, options) => { s.pipe(streams[other], options ?? undefined); },
    unpipe: (s, other) => { if (other) s.unpipe(streams[other]); else s.unpipe(); },
    write: (s, v, name) => s.write(decode(v), say(name + ' written')),
    writePlain: (s, v) => s.write(decode(v)),
    end: (s, v, name) => { if (v === null) s.end(say(name + ' ended')); else s.end(decode(v), say(name + ' ended')); },
    endPlain: (s) => { s.end(); },
    cork: (s) => { s.cork(); },
    uncork: (s) => { s.uncork(); },
    destroy: (s, message) => { if (message) s.destroy(new Error(message)); else s.destroy(); },
    finished: (s, options, name) => { stream.finished(s, options ?? {}, say(name + ' finished')); },
    pipeline: (s, others, name) => {
      stream.pipeline(s, ...others.map((n) => streams[n]), say(name + ' pipeline'));
    },
    through: (s, other, name) => {
      const through = async function*(chunks) {
        for await (const chunk of chunks) yield chunk;
      };
      stream.pipeline(s, through, streams[other], say(name + ' through'));
    },
    iterate: (s, most, name) => {
      (async () => {
        let n = 0;
        try {
          for await (const chunk of s) {
            note([name, 'chunk', show(chunk)]);
            if (++n === most) break;
          }
          note([name, 'loop over']);
        } catch (e) {
          note([name, 'loop failed', show(e)]);
        }
      })();
    },
  };
  let index = 0;
  const step = () => {
    while (index < program.steps.length) {
      const [op, name, ...args] = program.steps[index++];
      if (op === 'wait') {
        when[name](step);
        return;
      }
      const s = streams[name];
      let result;
      try {
        result = ops[op](s, ...(args.length ? args : [null]), name);
      } catch (e) {
        result = e;
      }
      note(['op', op, name, show(result), ...state(s)]);
    }
    let n = 20;
    const wait = () => {
      if (n--) return setImmediate(wait);
      for (const name of Object.keys(streams)) note(['last', name, ...state(streams[name])]);
      done(mine);
    };
    wait();
  };
  step();
}

process.on('uncaughtException', (e) => log.push(['uncaught', show(e)]));
process.on('unhandledRejection', (e) => log.push(['uncaught', show(e)]));
process.removeAllListeners('warning');
process.on('warning', () => {});
const programs = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const out = [];
const next = () => {
  if (!programs.length) {
    process.stdout.write(out.map((each) => JSON.stringify(each)).join('\n') + '\n');
    return;
  }
  run(programs.shift(), (lines) => { out.push(lines); setImmediate(next); });
};
setImmediate(next);
