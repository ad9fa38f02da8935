'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
watch(log, net.connect({ port, host, localAddress: '127.0.0.2' }));
