import process from 'node:process';
import { createRng } from '#experiments';
import { policyRegistry } from '#policies';
import { movieLens } from './movielens.js';
import type { Trained } from './training.js';

/** Entry of one training's own process: `training-process.js POLICY DIRECTORY`. Tells its parent what it took. */
const [key = '', directory = ''] = process.argv.slice(2);
const policy = policyRegistry.get(key);
const data = movieLens(directory);
const params = policy.params.parse({});
const used = process.cpuUsage();
const began = process.hrtime.bigint();
if (policy.learns === 'batch') policy.fit(data, params, createRng('bench'), () => undefined);
else if (policy.learns === 'online') policy.warmStart?.(data, params);
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
const { user, system } = process.cpuUsage(used);
const trained: Trained = {
  seconds,
  processorSeconds: (user + system) / 1e6,
  peakMb: process.resourceUsage().maxRSS / 1024,
  rows: data.unit.length,
  titles: data.items.length,
};
process.send?.(trained);
