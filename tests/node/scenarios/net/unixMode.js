'use strict';
const { actor, dir } = require('../../harness');
const net = require('net');

const log = actor('main');
const fs = require('fs');
process.umask(0o077);
const modes = [{}, { readableAll: true }, { writableAll: true },
               { readableAll: true, writableAll: true }];
modes.forEach((mode, i) => {
  const path = `${dir}/${i}`;
  const server = net.createServer().listen({ path, ...mode }, () => server.close());
  log(i, fs.statSync(path).mode & 0o777, server.address() === path);
});
