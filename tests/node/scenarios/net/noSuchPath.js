'use strict';
const { actor, dir } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
watch(log, net.connect(dir + '/nobody'));
watch(actor('dir'), net.connect({ path: dir }));
