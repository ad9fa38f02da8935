'use strict';
const { actor, dir, host, port } = require('../../harness');
const { about } = require('../../netwatch');
const net = require('net');

// In connectionAttemptFailed the socket is there still.
const uses = {
  text: (s, log) => log(s.write('abc', (e) => log('written', about(e))), s.bytesWritten),
  bytes: (s, log) => log(s.write(Buffer.from('abc')), s.bytesWritten),
  read: (s, log) => log(s.read(), s.destroyed),
  end: (s, log) => s.end((e) => log('ended', about(e))),
};
for (const [name, use] of Object.entries(uses)) {
  for (const [where, to] of [['tcp', { port, host }], ['path', { path: `${dir}/none` }]]) {
    const log = actor(`${name} ${where}`);
    const s = net.connect(to);
    s.on('connectionAttemptFailed', () => use(s, log));
    s.on('finish', () => log('finish'));
    s.on('error', (e) => log('error', about(e)));
    s.on('close', (had) => log('close', had));
  }
}
