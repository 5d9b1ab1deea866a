// `npm run down`: stops what `npm run up` started, also when that `up` was killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { stopPostgres } from './lib/postgres.mjs';
import { alive } from './lib/alive.mjs';
import { runningUp, stopLeftovers } from './lib/processes.mjs';
import { say, stateDir } from './lib/project.mjs';

const up = runningUp();
if (up) {
  process.kill(up, 'SIGTERM');
  const deadline = Date.now() + 40_000;
  while (alive(up) && Date.now() < deadline) await sleep(100);
}
const leftovers = await stopLeftovers();
const postgres = await stopPostgres(stateDir);
say(up || leftovers > 0 || postgres ? 'Marquee is stopped.' : 'Marquee was not running.');
