// Jest's environment for plain Node: the global object of the worker itself. After each file it is as it was before.
import { LegacyFakeTimers, ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';

const timerConfig = { idToRef: (timer) => timer, refToId: (timer) => timer };

/** Of one worker, hence of all files that it runs: what a file may change, and a function that gives it back. */
function keep() {
  const { console, fetch } = globalThis;
  const { exit, getBuiltinModule, exitCode } = process;
  const env = { ...process.env };
  const folder = process.cwd();
  return () => {
    Object.assign(globalThis, { console, fetch });
    Object.assign(process, { exit, getBuiltinModule, exitCode });
    if (process.cwd() !== folder) process.chdir(folder);
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
  };
}

const DAY_MS = 86_400_000;
/** Longer than what most spec files that use the database take. */
const BEFORE_MIDNIGHT_MS = 40_000;

/**
 * A file that begins just before midnight (UTC) waits for it: many make facts of "today" and compare them with what a
 * report of today says a moment later.
 */
async function inOneDay() {
  const left = DAY_MS - (Date.now() % DAY_MS);
  if (left < BEFORE_MIDNIGHT_MS) await new Promise((resolve) => setTimeout(resolve, left));
}

export default class PlainNode {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);

  constructor({ projectConfig: config }) {
    this.giveBack = keep();
    const { moduleMocker } = this;
    this.fakeTimers = new LegacyFakeTimers({ config, global: globalThis, moduleMocker, timerConfig });
    this.fakeTimersModern = new ModernFakeTimers({ config, global: globalThis });
  }

  async setup() {
    await inOneDay();
  }

  async teardown() {
    this.fakeTimers.dispose();
    this.fakeTimersModern.dispose();
    this.giveBack();
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }

  /** Nothing runs in a context of its own. */
  getVmContext() {
    return null;
  }
}
