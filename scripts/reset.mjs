// `npm run reset`: stops Marquee and forgets its local state: database, queue, spool, keys.
import fs from 'node:fs';
import { removePostgres } from './lib/postgres.mjs';
import { say, stateDir } from './lib/project.mjs';
import './down.mjs';

removePostgres(stateDir);
fs.rmSync(stateDir, { recursive: true, force: true });
say('The local state is gone; `npm run up` starts afresh.');
