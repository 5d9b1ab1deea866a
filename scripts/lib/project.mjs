// What every script needs: the root, installation, build and child processes. Plain Node: it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { alive } from './alive.mjs';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
process.chdir(root);

export const stateDir = path.resolve(process.env.MARQUEE_STATE_DIR ?? path.join(root, '.marquee'));

/** Ends the process with one sentence that says what to do. */
export function fail(sentence) {
  process.stderr.write(`\n${sentence}\n`);
  process.exit(1);
}

export function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Runs one step with its duration on the screen. */
export async function step(title, work) {
  const started = Date.now();
  process.stdout.write(`  ${title} ... `);
  try {
    const result = await work();
    process.stdout.write(`${((Date.now() - started) / 1000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    process.stdout.write('failed\n');
    throw error;
  }
}

export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(
      `Marquee needs Node 20.19 or newer, and this is Node ${process.versions.node}: install a newer Node and try again.`,
    );
  }
}

const STAMP = path.join(root, 'node_modules', '.marquee-installed');

function manifestHash() {
  return createHash('sha256')
    .update(fs.readFileSync(path.join(root, 'package.json')))
    .digest('hex');
}

/** Installs the packages when they are missing or package.json changed since. */
export async function ensureInstalled() {
  requireNode();
  const hash = manifestHash();
  if (fs.existsSync(STAMP) && fs.readFileSync(STAMP, 'utf8') === hash) return;
  await step('installing packages (about a minute the first time)', async () => {
    // Not `npm ci`: a lock file made on one platform lacks optional packages of the others.
    const code = await runQuietly('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
      ...process.env,
      NODE_ENV: 'development',
    });
    if (code !== 0)
      fail('The packages could not be installed: check that npm can reach its registry, then try again.');
  });
  fs.writeFileSync(STAMP, hash);
}

const quietRuns = new Set();
let endingQuietRuns = false;

/** Ends the commands that `runQuietly` runs now, without a word about it. */
export function endQuietRuns() {
  endingQuietRuns = true;
  for (const child of quietRuns) child.kill('SIGTERM');
}

/** Runs a command and shows its output only when it fails. */
export function runQuietly(command, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    quietRuns.add(child);
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => {
      process.stderr.write(`\n${error.message}\n`);
      resolve(127);
    });
    child.on('close', (code) => {
      quietRuns.delete(child);
      if (code !== 0 && !endingQuietRuns) process.stderr.write(`\n${output}\n`);
      resolve(code ?? 1);
    });
  });
}

/** Changes whenever a source file of the given folders does. */
function fingerprint(folders, extra) {
  const hash = createHash('sha256');
  const walk = (dir) => {
    for (const entry of fs
      .readdirSync(dir, { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = path.join(dir, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && entry.name !== 'dist') walk(file);
      } else if (!/\.spec\.tsx?$/.test(entry.name)) {
        hash.update(file).update(fs.readFileSync(file));
      }
    }
  };
  for (const folder of folders) if (fs.existsSync(folder)) walk(folder);
  for (const file of extra) hash.update(fs.readFileSync(file));
  return hash.digest('hex');
}

/** One build at a time: two commands started together must not write the same files. */
async function withBuildLock(name, work) {
  const lock = path.join(root, 'dist', `.${name}.lock`);
  fs.mkdirSync(path.dirname(lock), { recursive: true });
  for (;;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const owner = Number(fs.existsSync(lock) ? fs.readFileSync(lock, 'utf8') : 0);
      if (owner > 0 && !alive(owner)) fs.rmSync(lock, { force: true });
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  const release = () => fs.rmSync(lock, { force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    release();
    process.removeListener('exit', release);
  }
}

function buildWhenChanged(name, target, folders, extra, work) {
  return withBuildLock(name, () => buildIfChanged(name, target, folders, extra, work));
}

async function buildIfChanged(name, target, folders, extra, work) {
  const stamp = path.join(root, 'dist', `.${name}.stamp`);
  const print = fingerprint(folders, extra);
  if (fs.existsSync(stamp) && fs.existsSync(target) && fs.readFileSync(stamp, 'utf8') === print) return false;
  fs.rmSync(stamp, { force: true });
  await work();
  fs.mkdirSync(path.dirname(stamp), { recursive: true });
  fs.writeFileSync(stamp, print);
  return true;
}

/** Compiles libs, API, workers, command line and migrations to dist/. */
export function buildServer() {
  return buildWhenChanged(
    'server',
    path.join(root, 'dist/apps/api/src/main.js'),
    ['apps/api', 'apps/cli', 'libs', 'migrations', 'bench'],
    ['package.json', 'tsconfig.json', 'tsconfig.build.json'],
    async () => {
      const code = await runQuietly(process.execPath, [
        'node_modules/typescript/bin/tsc',
        '-p',
        'tsconfig.build.json',
      ]);
      if (code !== 0) fail('The server does not compile; the messages above say where.');
    },
  );
}

/** Builds the dashboard to dist/dashboard. */
export function buildDashboard() {
  return buildWhenChanged(
    'dashboard',
    path.join(root, 'dist/dashboard/index.html'),
    ['apps/dashboard'],
    ['package.json'],
    async () => {
      const code = await runQuietly(process.execPath, [
        'node_modules/vite/bin/vite.js',
        'build',
        'apps/dashboard',
        '--logLevel',
        'warn',
      ]);
      if (code !== 0) fail('The dashboard does not build; the messages above say where.');
    },
  );
}

export async function ensureBuilt() {
  await step('building', () => Promise.all([buildServer(), buildDashboard()]));
}

/** Path of a program, or null. */
export function which(...names) {
  for (const name of names) {
    const found = spawnSync(process.platform === 'win32' ? 'where' : 'which', [name], { encoding: 'utf8' });
    if (found.status === 0) return found.stdout.split('\n')[0].trim();
  }
  return null;
}

/** Installs a Debian package when that is possible without asking anybody; returns whether it is there now. */
export async function installDebianPackage(name) {
  if (process.getuid?.() !== 0 || !which('apt-get')) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const attempt = () =>
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', name], { env, stdio: 'ignore' })
      .status === 0;
  if (attempt()) return true;
  spawnSync('apt-get', ['update'], { env, stdio: 'ignore' });
  return attempt();
}
