// `npm run up`: from a checkout to a running product. `-- --no-demo` leaves the demo world out, `-- --headless` prints plain lines.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { freePort, startPostgres, stopPostgres } from './lib/postgres.mjs';
import { Supervisor, runningUp, stopLeftovers, waitFor } from './lib/processes.mjs';
import {
  endQuietRuns,
  ensureBuilt,
  ensureInstalled,
  fail,
  runQuietly,
  say,
  stateDir,
  step,
} from './lib/project.mjs';

const flags = new Set(process.argv.slice(2));
const known = ['--headless', '--no-demo'];
for (const flag of flags)
  if (!known.includes(flag))
    fail(`"${flag}" is not an option of npm run up; known are ${known.join(' and ')}.`);
const nodeFlags = JSON.parse(fs.readFileSync(new URL('./lib/node-flags.json', import.meta.url), 'utf8'));
const withDemo = !flags.has('--no-demo');
const began = Date.now();

function portIsFree(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** The wanted port, or a free one when somebody else has it; a port asked for by name must be free. */
async function choosePort(name, fallback) {
  const asked = process.env[name];
  const port = Number(asked ?? fallback);
  if (await portIsFree(port)) return port;
  if (asked) fail(`${name} asks for port ${port}, which is in use: free it or choose another.`);
  return freePort();
}

const other = runningUp();
if (other) {
  const file = path.join(stateDir, 'urls.json');
  const urls = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  fail(
    `Marquee already runs (process ${other})${urls.dashboard ? ` at ${urls.dashboard}` : ''}: stop it with \`npm run down\` first.`,
  );
}

say('Marquee');
await ensureInstalled();
const leftovers = await stopLeftovers();
if (leftovers > 0) say(`  ended ${leftovers} processes that an earlier start had left behind`);

const supervisor = new Supervisor((text) => say(`  ${text}`));
let ownPostgres = false;
let closing = false;
async function close(code) {
  // One Ctrl-C may arrive twice (from the terminal and from npm), and what is left half-way would go on running.
  if (closing) return;
  closing = true;
  say('\nstopping');
  endQuietRuns();
  await supervisor.stopAll();
  if (ownPostgres) await stopPostgres(stateDir);
  fs.rmSync(path.join(stateDir, 'urls.json'), { force: true });
  say('stopped');
  process.exit(code);
}
process.on('SIGINT', () => void close(0));
process.on('SIGTERM', () => void close(0));
process.on('SIGHUP', () => void close(0));

async function database() {
  if (process.env.DATABASE_URL) return process.env.DATABASE_URL;
  ownPostgres = true;
  return (await startPostgres({ stateDir })).url;
}

try {
  // Before anything is started: a build that fails leaves nothing behind.
  await ensureBuilt();
  const url = await step(
    process.env.DATABASE_URL ? 'using the database of DATABASE_URL' : 'starting PostgreSQL',
    database,
  );
  const env = {
    DATABASE_URL: url,
    MARQUEE_STATE_DIR: stateDir,
    MARQUEE_LOG_LEVEL: process.env.MARQUEE_LOG_LEVEL ?? 'info',
  };
  await step('preparing the database', async () => {
    const code = await runQuietly(process.execPath, ['dist/apps/api/src/setup.js'], {
      ...process.env,
      ...env,
    });
    if (code !== 0) throw new Error('The database could not be prepared; the message above says why.');
  });
  const keys = JSON.parse(fs.readFileSync(path.join(stateDir, 'keys.json'), 'utf8'));
  const apiPort = await choosePort('MARQUEE_API_PORT', 4000);
  const dashboardPort = await choosePort('MARQUEE_DASHBOARD_PORT', 4100);
  const urls = { api: `http://127.0.0.1:${apiPort}`, dashboard: `http://127.0.0.1:${dashboardPort}` };
  await step('starting API and dashboard', async () => {
    const api = supervisor.start(
      'api',
      'dist/apps/api/src/main.js',
      { ...env, MARQUEE_API_PORT: String(apiPort) },
      { nodeFlags: nodeFlags.api },
    );
    supervisor.start('dashboard', 'apps/dashboard/server.mjs', {
      MARQUEE_API_URL: urls.api,
      MARQUEE_DASHBOARD_PORT: String(dashboardPort),
      MARQUEE_LOCAL_KEY: keys.admin,
    });
    await waitFor(`${urls.api}/health/ready`, 'api', 60, () => api.failures > 2);
    await waitFor(urls.dashboard, 'dashboard', 30);
  });
  fs.writeFileSync(path.join(stateDir, 'urls.json'), `${JSON.stringify(urls, null, 2)}\n`);
  if (withDemo) {
    say(`  open already: ${urls.dashboard} (it fills while the demo world loads)`);
    await step('loading the demo world: four weeks of history and its experiments', async () => {
      for (const args of [
        ['dist/apps/cli/src/main.js', 'demo', '--prepare', '--quiet'],
        [...nodeFlags.demo, 'dist/apps/api/src/demo.js'],
      ]) {
        const code = await runQuietly(process.execPath, args, { ...process.env, ...env });
        if (code !== 0) throw new Error('The demo world could not be loaded; the message above says why.');
      }
    });
  }
  // After the demo world's past: workers live by the clock of today, and would settle its rewards too early.
  supervisor.start(
    'worker',
    'dist/apps/api/src/worker.js',
    {
      ...env,
      MARQUEE_ROLES: 'ingest,learn,rollup,maintenance,webhooks',
    },
    { nodeFlags: nodeFlags.worker },
  );
  supervisor.start(
    'trainer',
    'dist/apps/api/src/worker.js',
    { ...env, MARQUEE_ROLES: 'train' },
    { nodeFlags: nodeFlags.worker },
  );
  if (withDemo) {
    supervisor.start('demo', 'dist/apps/cli/src/main.js', env, { args: ['demo', '--quiet'] });
  }
  say(`\nready after ${((Date.now() - began) / 1000).toFixed(0)} s
  dashboard  ${urls.dashboard}
  API        ${urls.api}   (browse it at ${urls.api}/docs)
  keys       ${path.relative(process.cwd(), path.join(stateDir, 'keys.json'))}
  logs       ${path.relative(process.cwd(), path.join(stateDir, 'logs'))}
Ctrl-C stops everything.`);
} catch (error) {
  // A step that Ctrl-C has ended is no failure; the closing that is under way must not be cut short.
  if (!closing) {
    say(`\n${error.message}`);
    await close(1);
  }
}
