import { defaultSize, demoSeed } from '#simulation';
import type { Command } from 'commander';
import { runLive } from '../demo/live/run-live.js';
import { runMovielens } from '../demo/movielens/run-movielens.js';
import { runOpenBandit } from '../demo/open-bandit/run-open-bandit.js';
import { positive, whole } from './number-options.js';

const datasets = ['movielens', 'open-bandit'] as const;

interface DemoOptions {
  readonly dataset?: string;
  readonly data?: string;
  readonly url?: string;
  readonly key?: string;
  readonly seed: string;
  readonly members?: number;
  readonly rate: number;
  readonly speed: number;
  readonly duration?: number;
  readonly limit?: number;
  readonly perSession: number;
  readonly passes: number;
  readonly prepare?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** `marquee demo`: traffic for a running installation. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('send traffic to a running installation: the simulated world, or a real data set replayed')
    .option('--dataset <name>', `replay real data: ${datasets.join(' or ')}`)
    .option('--data <dir>', 'directory of the data set')
    .option('--url <url>', 'base URL of the API (default: that of the running installation)')
    .option('--key <key>', 'admin key (default: that of the running installation)')
    .option('--seed <text>', 'seed of the world, or of candidates and units', demoSeed)
    .option('--members <n>', 'members of the simulated world, or the first n of the data set', whole)
    .option('--rate <n>', 'simulated world: requests per second', positive, 10)
    .option('--speed <n>', 'simulated world: how much faster than the clock a visit goes by', positive, 60)
    .option('--duration <seconds>', 'simulated world: stop after this time', positive)
    .option('--limit <n>', 'data sets: stop after n decisions', whole)
    .option('--per-session <n>', 'movielens: decisions per session of a member', whole, 3)
    .option('--passes <n>', 'open-bandit: how often to replay the log, each time in new units', whole, 1)
    .option('--prepare', 'simulated world: set the product up and send nothing')
    .option('--quiet', 'simulated world: only say what went wrong')
    .option('--json', 'print one JSON document at the end and nothing else')
    .action(runDemo);
}

async function runDemo(options: DemoOptions): Promise<void> {
  if (options.dataset !== undefined && !datasets.some((name) => name === options.dataset)) {
    throw new Error(`The data set "${options.dataset}" is not known; known are ${datasets.join(' and ')}.`);
  }
  if (options.dataset === undefined)
    return runLive({ ...options, members: options.members ?? defaultSize.members });
  const { data } = options;
  if (data === undefined)
    throw new Error(`--dataset ${options.dataset} needs --data DIR, the directory of the data set.`);
  if (options.dataset === 'movielens') return runMovielens({ ...options, data });
  return runOpenBandit({ ...options, data });
}
