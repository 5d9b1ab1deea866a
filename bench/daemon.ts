import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;
const CLOCK_TICKS_PER_SECOND = 100;

/** A child process that runs a compiled script, with its log in a file; may be killed and started again. */
export class Daemon {
  private child: ChildProcess | null = null;
  private exited: Promise<void> = Promise.resolve();

  /** @param script relative to the checkout, e.g. dist/apps/api/src/main.js. */
  constructor(
    readonly name: string,
    private readonly script: string,
    private readonly env: NodeJS.ProcessEnv,
    readonly logFile: string,
    private readonly nodeFlags: readonly string[] = [],
  ) {
    fs.mkdirSync(path.dirname(logFile), { recursive: true });
  }

  start(): void {
    const log = fs.openSync(this.logFile, 'a');
    const child = spawn(process.execPath, [...this.nodeFlags, path.resolve(this.script)], {
      env: { ...process.env, ...this.env },
      stdio: ['ignore', log, log],
    });
    fs.closeSync(log);
    this.child = child;
    this.exited = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
  }

  get running(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** SIGKILL: no handler runs, nothing is flushed. */
  async kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    await this.exited;
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    this.child?.kill('SIGTERM');
    const patience = new AbortController();
    await Promise.race([
      this.exited,
      sleep(12_000, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    if (this.running) await this.kill();
  }

  /** Waits until `check` holds. @throws Error with the end of the log when it does not in time, or the process ended. */
  async ready(check: () => Promise<boolean>, seconds = 60): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (this.running && Date.now() < deadline) {
      if (await check().catch(() => false)) return;
      await sleep(POLL_MS);
    }
    throw new Error(`${this.name} did not become ready: ${this.log().slice(-1000)}`);
  }

  log(): string {
    return fs.existsSync(this.logFile) ? fs.readFileSync(this.logFile, 'utf8') : '';
  }

  /** Processor time used so far, in seconds; NaN where the system does not tell (no /proc). */
  cpuSeconds(): number {
    try {
      const fields =
        fs.readFileSync(`/proc/${this.child?.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
    } catch {
      return NaN;
    }
  }
}
