'use strict';
const { actor, attempt, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const server = watch(log, net.createServer());
server.listen(port, () => {
  attempt(log, 'again', () => server.listen(port));
  server.close();
  attempt(log, 'same tick', () => server.listen(port, host, () => {
    log('listener', server.address().address);
    server.close();
  }) === server);
});
attempt(log, 'at once', () => server.listen(port));
