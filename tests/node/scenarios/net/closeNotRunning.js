'use strict';
const { actor, attempt } = require('../../harness');
const { about, watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = watch(log, net.createServer());
attempt(log, 'what', () => server.close('what') === server);
server.close((...a) => log('first', ...a.map(about)));
server.close((...a) => log('second', ...a.map(about)));
log(server.listening, server.address());
