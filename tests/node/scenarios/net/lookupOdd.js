'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

// What is no list, where all addresses were asked for.
const answers = {
  text: (done) => done(null, '1.2', 4),
  nothing: (done) => done(null, []),
  empty: (done) => done(null, ''),
  noFamily: (done) => done(null, [{ address: host }]),
  mixed: (done) => done(null, [{ address: 'x', family: 4 }, { address: host, family: 5 }]),
};
for (const [name, answer] of Object.entries(answers)) {
  const log = actor(name);
  try {
    watch(log, net.connect({
      port, host: 'some.name', lookup: (h, options, done) => {
        log(h, options.hints, options.all);
        setTimeout(() => {
          try { answer(done); } catch (e) { log('threw', e.name); }
        }, 1);
      },
    }));
  } catch (e) {
    log(e);
  }
}
