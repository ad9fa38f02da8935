// Knocks at ports, one after the other, and tells what each answers.
// Usage: node knock.js HOST PORT...
'use strict';

const net = require('node:net');

// Milliseconds to wait for an answer.
const PATIENCE = 2000;

async function knock(host, port) {
  const signal = AbortSignal.timeout(PATIENCE);
  const socket = net.connect({ host, port, signal }).setEncoding('utf8');
  socket.end(); // nothing to say
  let said = '';
  try {
    for await (const chunk of socket) said += chunk;
    return `open ${said.trimEnd()}`.trimEnd();
  } catch (error) {
    // ECONNREFUSED, ECONNRESET, ABORT_ERR for no answer, ...
    return error.code;
  }
}

async function main(host, ...ports) {
  for (const port of ports) console.log(`${port}: ${await knock(host, port)}`);
}

main(...process.argv.slice(2));
