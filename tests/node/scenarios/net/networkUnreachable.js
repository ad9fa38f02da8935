'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
watch(log, net.connect({ port: 1, host: '255.255.255.255' }));
