// A chat over TCP: what one writes, all others read.
// Usage: node chat.js [PORT], then: nc localhost PORT
'use strict';

const net = require('node:net');
const { once } = require('node:events');

// Bytes. Whoever leaves so much unread is dropped: a chat can't wait for the slowest.
const UNREAD = 256 * 1024;
// Characters. Whoever writes a longer line is dropped, too.
const LINE = 4096;

const clients = new Set();

function say(text, author) {
  for (const client of clients) {
    if (client === author) continue;
    if (client.writableLength > UNREAD) client.destroy(new Error('reads too slowly'));
    else client.write(text);
  }
}

async function* lines(source) {
  let rest = '';
  for await (const chunk of source) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop();
    for (const line of parts) yield line.trimEnd();
    if (rest.length > LINE) throw new Error('line too long');
  }
}

async function connection(client) {
  const name = `${client.remoteAddress}:${client.remotePort}`;
  clients.add(client);
  say(`* ${name} comes\n`, client);
  client.write(`* you are ${name}, one of ${clients.size}\n`);
  try {
    for await (const line of lines(client.setEncoding('utf8'))) {
      say(`${name}: ${line}\n`, client);
    }
  } catch (error) {
    console.log(`${name}: ${error.message}`);
  } finally {
    clients.delete(client);
    say(`* ${name} goes\n`);
  }
}

async function main(port = 0) {
  const server = net.createServer({ noDelay: true }, connection).listen(port);
  await once(server, 'listening');
  console.log(`listening on ${server.address().port}`);
  await once(server, 'close');
}

main(...process.argv.slice(2));
