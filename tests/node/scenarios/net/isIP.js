'use strict';
const { actor } = require('../../harness');
const net = require('net');

const log = actor('main');
class Text { toString() { return '1.1.1.1'; } }
for (const value of ['1.1.1.1', '01.1.1.1', '1.1.1', '256.1.1.1', '::', '::1', 'fe80::1%lo', '::%',
                     '::1.2.3.4', '1::2::3', ':::1', 'fe80::1%a.b-c:d', '1.1.1.1%lo', '', 'x',
                     '1.1.1.1\n', ' ::1', null, undefined, 5, true, {}, ['1.1.1.1'], new Text()])
  log(value instanceof Text ? 'Text' : value, net.isIP(value), net.isIPv4(value), net.isIPv6(value));
