// Sends requests, each a line of JSON, over a UNIX socket, and prints the answers.
// Usage: node jsonclient.js PATH METHOD PARAMS..., a request for each PARAMS (JSON)
'use strict';

const net = require('node:net');
const { Readable } = require('node:stream');

function* requests(method, all) {
  for (const [id, params] of all.entries()) {
    yield `${JSON.stringify({ id, method, params: JSON.parse(params) })}\n`;
  }
}

async function* lines(source) {
  let rest = '';
  for await (const chunk of source) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop();
    yield* parts;
  }
  if (rest) throw new Error('the server went in the middle of an answer');
}

async function main(path, method, ...all) {
  const socket = net.connect({ path }).setEncoding('utf8');
  // The next request is made when there is room for it; after the last, pipe ends the socket.
  Readable.from(requests(method, all)).pipe(socket);
  let left = all.length;
  for await (const line of lines(socket)) {
    const answer = JSON.parse(line);
    console.log(`${all[answer.id]}: ${answer.error ?? answer.result}`);
    left -= 1;
  }
  if (left) throw new Error(`${left} without an answer`);
}

main(...process.argv.slice(2));
