// Answers requests, each a line of JSON, over a UNIX socket.
// Usage: node jsonserver.js PATH, then: node jsonclient.js PATH sum 1 2 3
'use strict';

const net = require('node:net');
const { once } = require('node:events');
const { pipeline } = require('node:stream');

// Characters.
const LINE = 1024 * 1024;

const methods = new Map([
  ['sum', (numbers) => numbers.reduce((a, b) => a + b, 0)],
  ['upper', (text) => text.toUpperCase()],
]);

function answer(line) {
  let id = null;
  try {
    const request = JSON.parse(line);
    id = request.id ?? null;
    return { id, result: methods.get(request.method)(request.params) };
  } catch {
    return { id, error: 'bad request' };
  }
}

async function* answers(source) {
  let rest = '';
  // A loop destroys its stream at the end, and what waits to be written would be lost.
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) yield `${JSON.stringify(answer(line))}\n`;
    if (rest.length > LINE) throw new Error('line too long');
  }
}

async function main(path) {
  // Half-open: a client may end with its last request, and still wants the answers.
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    // No request is read while the answers before it wait to be taken.
    pipeline(client.setEncoding('utf8'), answers, client, (error) => {
      if (error) console.log(error.message);
    });
  });
  server.listen(path);
  await once(server, 'listening');
  console.log(`listening on ${server.address()}`);
  // The socket's file goes with the server.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      server.close();
      process.exit();
    });
  }
  await once(server, 'close');
}

main(...process.argv.slice(2));
