'use strict';
const { actor, finish, port } = require('../../harness');
const { about, watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
finish(400);
watch(log, net.connect(port, 'nosuch.invalid'));
net.createServer().on('error', (e) => actor('server')('error', about(e)))
  .listen(port, 'nosuch.invalid');
