'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
(async () => {
  const of = (n) => Readable.from(Array.from({ length: n }, (_, i) => i + 1));
  log(await of(4).map((x) => x * 2).toArray());
  log(await of(4).map(async (x) => { await new Promise((f) => setTimeout(f, 6 - x)); return x; }, { concurrency: 3 }).toArray());
  log(await of(5).filter((x) => x % 2).toArray(), await of(5).drop(3).toArray(), await of(5).take(2).toArray());
  log(await of(2).flatMap((x) => [x, x]).toArray(), await of(0).toArray(), await of(3).take(0).toArray());
  log(await of(5).find(async (x) => x > 3), await of(5).find((x) => x > 9));
  log(await of(5).some((x) => x > 3), await of(5).some((x) => x > 9), await of(5).every((x) => x < 9), await of(5).every((x) => x < 3));
  log(await of(4).reduce((a, b) => a + b), await of(4).reduce((a, b) => a + b, 10));
  const seen = [];
  log(await of(3).forEach((x) => { seen.push(x); }), seen);
  const s = of(9);
  log(await s.some((x) => x === 2));
  setTimeout(() => log(s.destroyed), 5);
})();
