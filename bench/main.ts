import os from 'node:os';
import path from 'node:path';
import { benchAnalyze } from './analyze.js';
import { benchBanditSuites } from './bandit-suites.js';
import { benchIncrementality } from './incrementality.js';
import { benchMultiTask } from './multi-task.js';
import { benchBandits } from './bandits.js';
import { benchArtwork10 } from './artwork10.js';
import { benchEngine } from './engine.js';
import { benchEvents } from './events.js';
import { benchComparisons } from './comparisons.js';
import { benchCrash } from './crash/crash.js';
import { benchCrashLearning } from './crash/crash-learning.js';
import { tableOf } from './figure.js';
import type { Figure } from './figure.js';
import { benchGuardrails } from './guardrails.js';
import { benchLearning } from './learning.js';
import { benchRecommenders } from './recommenders.js';
import { benchMessageLift } from './message-lift.js';
import { benchOffPolicy } from './off-policy.js';
import { benchLargeReport, benchReport } from './report.js';
import type { Ground } from './stack.js';
import { benchTraining } from './training/training.js';
import { benchTreatments } from './treatments.js';
import { benchUnleash } from './unleash.js';

/** In the order in which they run; the only list of measurements. */
const MEASUREMENTS: Readonly<Record<string, (ground: Ground) => Promise<Figure[]>>> = {
  treatments: benchTreatments,
  events: benchEvents,
  learning: benchLearning,
  comparisons: benchComparisons,
  bandits: benchBandits,
  engine: benchEngine,
  analyze: benchAnalyze,
  report: benchReport,
  crash: benchCrash,
};

/** Only by name: they take many minutes, or need a package that is no dependency. */
const LONG_MEASUREMENTS: typeof MEASUREMENTS = {
  'report-large': benchLargeReport,
  'off-policy': benchOffPolicy,
  recommenders: benchRecommenders,
  training: benchTraining,
  'bandit-suites': benchBanditSuites,
  incrementality: benchIncrementality,
  'message-lift': benchMessageLift,
  'multi-task': benchMultiTask,
  guardrails: benchGuardrails,
  'crash-learning': benchCrashLearning,
  artwork10: benchArtwork10,
  unleash: benchUnleash,
};

export interface BenchOptions extends Ground {
  /** Names of measurements; empty for all. */
  readonly only: readonly string[];
  readonly json: boolean;
}

const ALL = { ...MEASUREMENTS, ...LONG_MEASUREMENTS };

export const measurementNames = Object.keys(ALL);

/** Runs the measurements one after the other and prints what they found. @returns whether every target was met. */
export async function runBench(options: BenchOptions): Promise<boolean> {
  const names = options.only.length > 0 ? options.only : Object.keys(MEASUREMENTS);
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const loadBefore = os.loadavg()[0] ?? 0;
  const figures: Figure[] = [];
  for (const name of names) {
    const began = Date.now();
    const measure = ALL[name];
    if (!measure) throw new Error(`"${name}" is not a measurement; known are ${measurementNames.join(', ')}`);
    figures.push(
      ...(await measure({ serverUrl: options.serverUrl, stateDir: path.join(options.stateDir, name) })),
    );
    say(`  ${name}: ${((Date.now() - began) / 1000).toFixed(0)} s`);
  }
  const machine = {
    cores: os.cpus().length,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    loadBefore,
    loadAfter: os.loadavg()[0] ?? 0,
  };
  if (options.json) process.stdout.write(`${JSON.stringify({ machine, figures }, null, 2)}\n`);
  else process.stdout.write(`\n${tableOf(figures)}\n\n${describe(machine)}\n`);
  return figures.every((figure) => figure.met);
}

const describe = (machine: {
  cores: number;
  node: string;
  platform: string;
  loadBefore: number;
  loadAfter: number;
}): string =>
  `${machine.cores} cores, Node ${machine.node}, ${machine.platform}, load ${machine.loadBefore.toFixed(1)} before and ${machine.loadAfter.toFixed(1)} after`;
