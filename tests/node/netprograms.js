// Runs programs of sockets that tests/node/netprograms.py has made, and prints what has
// happened, one JSON object a line for each. The .py is the same for nodenet.
'use strict';
const net = require('net');
const { finished } = require('stream');
const { AsyncLocalStorage } = require('async_hooks');
const { dir, refused, programs, together } = JSON.parse(require('fs').readFileSync(0, 'utf8'));

const EVENTS = ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connect', 'ready', 'end',
                'drain', 'finish', 'pause', 'resume', 'timeout', 'error', 'close'];

// What has come, a character's run as a*5.
function runs(value) {
  if (value.length < 100) return value;
  const said = [];
  let end = 0;
  while (end < value.length && said.length < 12) {
    const start = end;
    while (value[end] === value[start]) end++;
    const count = end - start;
    // How much of so much has come before an RST is a matter of chance.
    const shown = count > 100000 ? 'many' : count;
    said.push(count > 3 ? `${value[start]}*${shown}` : value.slice(start, end));
  }
  return said.join(' ') + (end < value.length ? ' ...' : '');
}

function show(value) {
  if (value === undefined || value === null) return 'null';
  if (value instanceof Uint8Array) return 'bytes ' + runs(Buffer.from(value).toString('latin1'));
  if (typeof value === 'string') return 'text ' + runs(value);
  if (value instanceof Error) {
    const all = value.errors ? ` [${value.errors.map(show).join(', ')}]` : '';
    const code = value.code === undefined ? '' : ` ${value.code}`;
    return `<${value.name}${code}: ${value.message}${all}>`;
  }
  if (typeof value === 'object') {
    const proto = Object.getPrototypeOf(value);
    if (proto !== null && proto !== Object.prototype) return value.constructor.name;
    return '{' + Object.keys(value).filter((k) => !k.endsWith('Port') && k !== 'port')
      .map((k) => `${k}: ${show(value[k])}`).join(', ') + '}';
  }
  return String(value);
}

const decode = (v) => {
  if (v === null) return null;
  return v.b === undefined ? v.s.repeat(v.n) : Buffer.from(v.b.repeat(v.n), 'latin1');
};

const bits = (...all) => all.map((b) => (b === null || b === undefined ? '-' : b ? '1' : '0')).join('');

class Run {
  constructor(program, index, done) {
    this.program = program;
    this.done = done;
    this.logs = {};
    this.lines = 0;
    this.sockets = {};
    this.names = new Map();
    this.peers = 0;
    this.closed = new Set();
    this.listeners = {};
    this.corks = {};
    this.port = 'none';
    this.ports = [];
    this.path = `${dir}/${index}`;
    this.controller = new AbortController();
  }

  log(actor, ...parts) {
    this.lines++;
    (this.logs[actor] ??= []).push(parts.join(' '));
  }

  // What is cut into pieces by chance is one line.
  came(actor, what, chunk) {
    this.lines++;
    const all = this.logs[actor] ??= [];
    const last = all.at(-1);
    const text = typeof chunk === 'string';
    if (typeof last === 'object' && last.what === what && last.text === text)
      last.chunks.push(text ? chunk : Buffer.from(chunk));
    else
      all.push({ what, text, chunks: [text ? chunk : Buffer.from(chunk)] });
  }

  // Whose numbers are no matter of chance.
  state(s) {
    const flags = bits(s.destroyed, s.closed, s.pending, s.connecting, s.readable, s.writable,
                       s.readableEnded, s.writableEnded, s.writableFinished,
                       s.isPaused(), s.readableFlowing, s.errored);
    const state = [s.readyState, flags, show(s.timeout), s.remoteAddress ?? '-', s.localAddress ?? '-'];
    if (!this.program.big) {
      state.push(s.bytesRead, s.bytesWritten, s.readableLength, s.writableLength,
                 s.bufferSize ?? '-', bits(s.writableNeedDrain));
    }
    return state.join(' ');
  }

  state1(name, s) {
    return name === 'server' ? bits(s.listening) : this.state(s);
  }

  watch(name, s, its) {
    this.sockets[name] = s;
    this.names.set(s, name);
    const reactions = { ...its.reactions };
    const react = (event) => {
      const ops = reactions[event];
      if (!ops) return;
      delete reactions[event];
      for (const [op, ...args] of ops) this.op(name, op, args);
    };
    for (const event of EVENTS) {
      s.on(event, (...args) => {
        this.log(name, event, ...args.map(show), '|', this.state(s));
        if (event === 'close') this.closed.add(name);
        react(event);
      });
    }
    this.listeners[name] = {
      data: (chunk) => { this.came(name, 'data', chunk); react('data'); },
      readable: () => {
        for (;;) {
          const chunk = its.takes ? s.read(its.takes) : s.read();
          if (chunk === null) break;
          this.came(name, 'got', chunk);
        }
        if (!this.program.big) this.log(name, 'readable', this.state(s));
        react('readable');
      },
    };
    for (const event of its.listens) s.on(event, this.listeners[name][event]);
    for (const [op, ...args] of its.atOnce) this.op(name, op, args);
    return s;
  }

  op(name, op, args) {
    const s = this.sockets[name];
    if (!s) { this.log(name, op, 'none'); return; }
    let result;
    try {
      result = this[op === 'dial' || op.startsWith('server') ? op : 'do_' + op](s, name, ...args);
      if (result === s) result = 'itself';
      else if (this.names.has(result)) result = this.names.get(result);
      else result = show(result);
    } catch (e) {
      result = 'threw ' + show(e);
    }
    this.log(name, 'op', op, JSON.stringify(args), '->', result, '|', this.state1(name, s));
  }

  say(name, label) {
    return (...args) => this.log(name, label, ...args.map(show));
  }

  do_write(s, name, data, encoding, told) {
    const args = [decode(data)];
    if (encoding) args.push(encoding);
    if (told) args.push(this.say(name, 'written'));
    return s.write(...args);
  }

  do_end(s, name, data, told) {
    const args = data === null ? [] : [decode(data)];
    if (told) args.push(this.say(name, 'ended'));
    return s.end(...args);
  }

  do_destroy(s, name, message) { return message ? s.destroy(new Error(message)) : s.destroy(); }
  do_destroySoon(s) { return s.destroySoon(); }
  do_reset(s) { return s.resetAndDestroy(); }
  do_pause(s) { return s.pause(); }
  do_resume(s) { return s.resume(); }
  do_read(s, name, n) { return n === null ? s.read() : s.read(n); }
  do_unshift(s, name, data) { return s.unshift(decode(data)); }
  do_setEncoding(s, name, encoding) { return s.setEncoding(encoding); }
  do_on(s, name, event) { return s.on(event, this.listeners[name][event]); }
  do_off(s, name, event) { return s.off(event, this.listeners[name][event]); }
  do_cork(s) { return s.cork(); }
  do_uncork(s) { return s.uncork(); }
  do_noDelay(s, name, on) { return s.setNoDelay(on); }
  do_keepAlive(s, name, on, msecs) { return s.setKeepAlive(on, msecs); }
  do_ref(s) { return s.ref(); }
  do_unref(s) { return s.unref(); }
  do_timeout(s, name, msecs) { return msecs ? s.setTimeout(msecs, this.say(name, 'late')) : s.setTimeout(0); }
  do_pipe(s, name, other, options) {
    if (!this.sockets[other]) return null;
    return s.pipe(this.sockets[other], options ?? undefined);
  }
  do_unpipe(s) { return s.unpipe(); }
  do_address(s) { return s.address(); }
  do_finished(s, name, options) { finished(s, options, this.say(name, 'finished')); }
  do_abort() { this.controller.abort(); }
  do_iterate(s, name, most) {
    (async () => {
      let n = 0;
      try {
        for await (const chunk of s) {
          this.came(name + ' loop', 'chunk', chunk);
          if (++n === most) break;
        }
        this.log(name + ' loop', 'over');
      } catch (e) {
        this.log(name + ' loop', show(e));
      }
    })();
  }
  do_connect(s, name, how) {
    // While the last one is being closed, what comes first is a matter of chance.
    if (!this.closed.delete(name)) return 'not yet';
    return s.connect(...this.where(how), this.say(name, 'listener'));
  }

  where(how) {
    const { port, path } = this;
    if (how.to === 'server')
      if (this.program.unix) return how.dict ? [{ path }] : [path];
      else return how.dict ? [{ port, host: '127.0.0.1', ...how.local }] : [port, '127.0.0.1'];
    if (how.to === 'refused')
      return how.dict ? [{ port: refused, host: '127.0.0.1', ...how.local }] : [refused, '127.0.0.1'];
    if (how.to === 'nowhere') return [`${path}-no`];
    const lookup = (host, options, callback) => {
      const answer = () => {
        if (how.to === 'fails') callback(Object.assign(new Error('no such'), { code: 'ENOTFOUND' }));
        else if (options.all) callback(null, how.addresses.map((address) => ({ address, family: 4 })));
        else callback(null, how.addresses[0], 4);
      };
      if (how.when === 'sync') answer();
      else process.nextTick(answer);
    };
    return [{ port, host: 'some.name', lookup, autoSelectFamily: how.several, ...how.local }];
  }

  dial(s, name, other) {
    if (this.sockets[other]) return null;
    const its = this.program.clients[other];
    const options = { ...its.options };
    if (its.signal) options.signal = this.controller.signal;
    if (its.onread) {
      let calls = 0;
      options.onread = {
        buffer: Buffer.alloc(its.onread.size),
        callback: (n, buffer) => {
          this.came(other, 'onread', buffer.subarray(0, n));
          return ++calls !== its.onread.stops;
        },
      };
    }
    const client = new net.Socket(options);
    this.watch(other, client, { ...its, atOnce: [] });
    try {
      client.connect(...this.where(its.connect), this.say(other, 'listener'));
    } catch (e) {
      this.log(other, 'connect threw', show(e));
    }
    for (const [op, ...args] of its.atOnce) this.op(other, op, args);
    return client;
  }

  serverClose(s, name, told) { return told ? s.close(this.say('server', 'closed')) : s.close(); }
  serverCount(s) { return s.getConnections(this.say('server', 'connections')); }
  serverMax(s, name, n) { s.maxConnections = n; }
  serverAddress(s) { return s.address(); }
  serverListen(s) {
    const listener = this.say('server', 'listener');
    return this.program.unix ? s.listen(this.path, listener) : s.listen(0, '127.0.0.1', listener);
  }

  start() {
    const its = this.program.server;
    const server = net.createServer(its.options);
    this.sockets.server = server;
    this.names.set(server, 'server');
    if (its.maxConnections) server.maxConnections = its.maxConnections;
    for (const event of ['listening', 'drop', 'close', 'error'])
      server.on(event, (...args) => this.log('server', event, ...args.map(show), bits(server.listening)));
    server.on('listening', () => {
      this.port = server.address().port ?? 'none';
      this.ports.push(this.port);
    });
    server.on('connection', (s) => {
      const name = 'peer' + this.peers++;
      this.log('server', 'connection');
      this.log(name, 'accepted', this.state(s));
      this.watch(name, s, this.program.peers[name] ?? this.program.peers.peer0);
    });
    if (this.program.unix) server.listen(this.path);
    else server.listen(0, '127.0.0.1');
    this.quiet(() => {
      this.dial(null, 'server', 'client0');
      this.steps(0);
    });
  }

  quiet(then) {
    const { msecs, rounds } = this.program.quiet;
    let before = -1, same = 0;
    const look = () => {
      same = this.lines === before ? same + 1 : 0;
      before = this.lines;
      if (same === rounds) then();
      else setTimeout(look, msecs);
    };
    look();
  }

  steps(index) {
    const { steps } = this.program;
    while (index < steps.length) {
      const [name, op, ...args] = steps[index++];
      const next = () => this.steps(index);
      if (name === 'quiet') {
        this.quiet(() => { this.states('quiet'); next(); });
        return;
      }
      if (name === 'tick') {
        process.nextTick(next);
        return;
      }
      if (name === 'sleep') {
        setTimeout(() => this.quiet(() => { this.states('slept'); next(); }), op);
        return;
      }
      this.op(name, op, args);
    }
    this.quiet(() => {
      this.states('last');
      for (const name of Object.keys(this.sockets))
        if (name !== 'server') this.sockets[name].destroy();
      this.sockets.server.close();
      this.quiet(() => {
        this.states('over');
        this.done(this.result());
      });
    });
  }

  states(label) {
    for (const name of Object.keys(this.sockets))
      this.log(name, label, this.state1(name, this.sockets[name]));
  }

  result() {
    const out = {};
    for (const [name, lines] of Object.entries(this.logs)) {
      out[name] = lines.map((line) => {
        if (typeof line === 'object')
          line = `${line.what} ${show(line.text ? line.chunks.join('') : Buffer.concat(line.chunks))}`;
        for (const port of this.ports)
          line = line.replaceAll(`:${port}`, ':PORT').replaceAll(` ${port} `, ' PORT ');
        return line.replaceAll(this.path, 'PATH').replaceAll(String(refused), 'REFUSED');
      });
    }
    return out;
  }
}

process.removeAllListeners('warning');
process.on('warning', () => {});
// Some programs lead Node into a TypeError of its own: they are left out.
const running = new AsyncLocalStorage();
process.on('uncaughtException', (e) => {
  const run = running.getStore();
  if (!run) throw e;
  run.log('process', 'uncaught', show(e));
});
process.on('beforeExit', () => {
  const left = programs.map((_, index) => index).filter((index) => !out[index]);
  process.stderr.write(`nothing is left to do, but for programs ${left}\n`);
  process.exit(1);
});
const out = [];
let following = 0, finishedCount = 0;
const next = () => {
  const index = following++;
  if (index >= programs.length) return;
  const run = new Run(programs[index], index, (result) => {
    out[index] = result;
    if (++finishedCount === programs.length) {
      process.stdout.write(out.map((each) => JSON.stringify(each)).join('\n') + '\n', () => process.exit());
      return;
    }
    running.exit(next);
  });
  running.run(run, () => run.start());
};
for (let n = 0; n < together; n++) next();
