// `npm test`: sets up what the tests need, runs them, and ends with jest's summary and one plain line.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { startPostgres } from './lib/postgres.mjs';
import {
  ensureBuilt,
  ensureInstalled,
  installDebianPackage,
  root,
  say,
  stateDir,
  step,
  which,
} from './lib/project.mjs';

say('Marquee tests');
await ensureInstalled();
await ensureBuilt();

async function program(title, debianPackage, ...names) {
  const found = which(...names);
  if (found) return found;
  const installed = await step(`installing ${title}`, () => installDebianPackage(debianPackage));
  const path = installed ? which(...names) : null;
  if (!path)
    say(
      `  ${title} is not on this machine and cannot be installed without root and apt: its tests are skipped. Install ${debianPackage} to run them.`,
    );
  return path;
}

const chromium = await program(
  'Chromium',
  'chromium',
  'chromium',
  'chromium-browser',
  'google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
);
const redis = await program('Redis', 'redis-server', 'redis-server', 'valkey-server');
const testState = path.join(stateDir, 'test');
const postgres = process.env.TEST_DATABASE_URL
  ? null
  : await step('starting PostgreSQL', () =>
      startPostgres({ stateDir: testState, database: 'postgres', durable: false }),
    );

const report = path.join(stateDir, 'test', 'results.json');
fs.mkdirSync(path.dirname(report), { recursive: true });
fs.rmSync(report, { force: true });
const wanted = process.argv.slice(2);
const child = spawn(
  process.execPath,
  [
    'node_modules/jest/bin/jest.js',
    '--maxWorkers=2',
    '--forceExit',
    '--json',
    `--outputFile=${report}`,
    ...wanted,
  ],
  {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      TEST_DATABASE_URL: process.env.TEST_DATABASE_URL ?? postgres.url,
      TEST_CHROMIUM: chromium ?? '',
      TEST_REDIS_SERVER: redis ?? '',
    },
  },
);
const stop = () => child.kill('SIGTERM');
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
const code = await new Promise((resolve) => child.once('exit', (exit) => resolve(exit ?? 1)));
if (postgres && !postgres.reused) await postgres.stop();

const results = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, 'utf8')) : null;
const broken = results ? results.numRuntimeErrorTestSuites : 1;
const failed = (results?.numFailedTests ?? 0) + broken;
const skipped = results?.numPendingTests ?? 0;
say(`${results?.numPassedTests ?? 0} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(code === 0 && failed === 0 ? 0 : 1);
