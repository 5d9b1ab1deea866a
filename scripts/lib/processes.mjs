// Child processes of `npm run up`: started, watched, restarted, and found again after a killed `up`.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, stateDir } from './project.mjs';
import { alive } from './alive.mjs';

const FILE = path.join(stateDir, 'processes.json');
const PATIENCE_MS = 12_000;

/** The command line of a process, or '' when it is gone: pids are re-used, so a pid alone proves nothing. */
function commandOf(pid) {
  const found = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  if (found.status === 0) return found.stdout;
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

export function readProcesses() {
  try {
    return JSON.parse(fs.readFileSync(FILE, 'utf8'));
  } catch {
    return { up: null, children: [] };
  }
}

function writeProcesses(state) {
  fs.mkdirSync(stateDir, { recursive: true });
  fs.writeFileSync(`${FILE}.tmp`, JSON.stringify(state));
  fs.renameSync(`${FILE}.tmp`, FILE);
}

/** The pid of an `up` that runs now, or null. */
export function runningUp() {
  const { up } = readProcesses();
  return up && up !== process.pid && alive(up) && commandOf(up).includes('up.mjs') ? up : null;
}

/** Ends children that a killed `up` left behind: only processes whose command line is one of ours. */
export async function stopLeftovers() {
  const { children } = readProcesses();
  const ours = children.filter(({ pid, script }) => alive(pid) && commandOf(pid).includes(script));
  await Promise.all(ours.map(({ pid }) => endProcess(pid)));
  fs.rmSync(FILE, { force: true });
  return ours.length;
}

async function endProcess(pid) {
  try {
    process.kill(pid, 'SIGTERM');
    const deadline = Date.now() + PATIENCE_MS;
    while (alive(pid) && Date.now() < deadline) await sleep(50);
    if (alive(pid)) process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Starts and supervises the processes of one `up`. */
export class Supervisor {
  children = new Map();
  stopping = false;

  constructor(onProblem) {
    this.onProblem = onProblem;
    fs.mkdirSync(path.join(stateDir, 'logs'), { recursive: true });
    this.save();
  }

  save() {
    const children = [...this.children.values()]
      .filter((entry) => entry.process?.pid)
      .map((entry) => ({ pid: entry.process.pid, script: entry.script }));
    writeProcesses({ up: process.pid, children });
  }

  /** @param restart whether an unexpected end starts it again (with a growing pause). */
  start(name, script, env, { args = [], nodeFlags = [], restart = true } = {}) {
    const entry = { name, script, process: null, failures: 0, done: null };
    this.children.set(name, entry);
    const launch = () => {
      if (this.stopping) return;
      const log = fs.openSync(path.join(stateDir, 'logs', `${name}.log`), 'a');
      const startedAt = Date.now();
      const child = spawn(process.execPath, ['--enable-source-maps', ...nodeFlags, script, ...args], {
        cwd: root,
        env: { ...process.env, ...env },
        stdio: ['ignore', log, log],
        // A group of its own: Ctrl-C reaches `up` alone, which then ends its children one after another. They take a
        // second signal for impatience and would not drain.
        detached: true,
      });
      fs.closeSync(log);
      entry.process = child;
      this.save();
      entry.done = new Promise((resolve) => {
        child.once('exit', (code) => {
          resolve(code);
          if (this.stopping || !restart) return;
          entry.failures = Date.now() - startedAt > 60_000 ? 1 : entry.failures + 1;
          const pause = Math.min(30_000, 500 * 2 ** entry.failures);
          this.onProblem(
            `${name} ended (code ${code}); starting it again in ${pause / 1000} s, its log is ${path.join(stateDir, 'logs', `${name}.log`)}`,
          );
          setTimeout(launch, pause);
        });
      });
    };
    launch();
    return entry;
  }

  async stop(name) {
    const entry = this.children.get(name);
    if (entry?.process?.pid && entry.process.exitCode === null) await endProcess(entry.process.pid);
    this.children.delete(name);
    this.save();
  }

  async stopAll() {
    this.stopping = true;
    // Traffic first, then what serves it, then what stores it.
    for (const name of ['demo', 'dashboard', 'api']) await this.stop(name);
    await Promise.all([...this.children.keys()].map((name) => this.stop(name)));
    fs.rmSync(FILE, { force: true });
  }
}

/** Waits until a URL answers 2xx. */
export async function waitFor(url, name, seconds, failed = () => false) {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
      if (answer.ok) return;
    } catch {
      // Not up yet.
    }
    if (failed()) break;
    await sleep(100);
  }
  throw new Error(`${name} did not become ready; its log is ${path.join(stateDir, 'logs', `${name}.log`)}.`);
}
