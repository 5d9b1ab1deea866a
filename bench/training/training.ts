import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { policyRegistry } from '#policies';
import { figureOf } from '../figure.js';
import type { Figure } from '../figure.js';

const DATA = '../shared/data/movielens-latest-small';
/** Policies that are trained in place of all, by comma. */
const ONLY = 'TRAINING_ONLY';
const MOST_SECONDS = 600;
const MOST_MB = 2048;

/** What one training took. */
export interface Trained {
  readonly seconds: number;
  /** Of all threads. */
  readonly processorSeconds: number;
  /** Most memory that its process had at a time, data and program included. */
  readonly peakMb: number;
  readonly rows: number;
  readonly titles: number;
}

/** The recommenders, and the bandit that counts as one: it learns from a history. */
const trainable = (): string[] =>
  policyRegistry
    .list()
    .filter(({ key, learns }) => learns === 'batch' || key === 'most-popular')
    .map(({ key }) => key);

/** @throws Error when a name is not that of a recommender. */
function wanted(): string[] {
  const all = trainable();
  const named = (process.env[ONLY] ?? '').split(',').filter((key) => key !== '');
  const unknown = named.find((key) => !all.includes(key));
  if (unknown) throw new Error(`${ONLY}: "${unknown}" is no recommender; known are ${all.join(', ')}`);
  return named.length > 0 ? named : all;
}

/** In a process of its own. @returns null when it ended without a result. */
async function train(key: string): Promise<Trained | null> {
  const child = fork(new URL('./training-process.js', import.meta.url), [key, DATA], {
    execArgv: [`--max-old-space-size=${MOST_MB}`],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  let trained: Trained | null = null;
  child.on('message', (message: Trained) => (trained = message));
  await once(child, 'close');
  return trained;
}

function figures(key: string, trained: Trained | null): Figure[] {
  const { seconds, processorSeconds, peakMb, rows, titles } = trained ?? FAILED;
  const figure = (what: string, unit: string, value: number, atMost: number): Figure =>
    figureOf(
      {
        key: `training-${key}-${unit.toLowerCase()}`,
        title: `training ${key}, ${what}`,
        unit,
        value,
        ceiling: null,
        target: { of: 'value', atMost },
      },
      trained ? { 'processor seconds': processorSeconds, rows, titles } : { failed: 'no result' },
    );
  return [figure('time', 's', seconds, MOST_SECONDS), figure('peak memory', 'MB', peakMb, MOST_MB)];
}

const FAILED: Trained = {
  seconds: Infinity,
  processorSeconds: Infinity,
  peakMb: Infinity,
  rows: 0,
  titles: 0,
};

/**
 * Trains every recommender of the registry with its own defaults on all of MovieLens-small, one after another, each in a
 * process of its own.
 */
export async function benchTraining(): Promise<Figure[]> {
  if (!fs.existsSync(DATA)) {
    process.stderr.write(`  skipped: ${DATA} is not here\n`);
    return [];
  }
  const all: Figure[] = [];
  for (const key of wanted()) {
    const trained = await train(key);
    const said = trained
      ? `${trained.seconds.toFixed(1)} s, ${trained.processorSeconds.toFixed(1)} s of processor, ${trained.peakMb.toFixed(0)} MB`
      : 'no result';
    process.stderr.write(`  ${key}: ${said}\n`);
    all.push(...figures(key, trained));
  }
  return all;
}
