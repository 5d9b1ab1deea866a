import type { Command } from 'commander';
import { createProgress } from '../demo/progress.js';
import { readExperiment } from '../simulate/experiment-file.js';
import { runSimulations, type SimulationResult } from '../simulate/run-simulations.js';
import { checkMetrics } from '../simulate/unit-metrics.js';
import { whole } from './number-options.js';

interface SimulateOptions {
  readonly experiment: string;
  readonly runs: number;
  readonly members: number;
  readonly days: number;
  readonly seed: string;
  readonly json?: boolean;
}

/** `marquee simulate`: what an experiment would find, and how often it would mislead, before it is run. */
export function registerSimulate(program: Command): void {
  program
    .command('simulate')
    .description('run whole experiments in the simulated world: false-ship rate, coverage, power')
    .requiredOption(
      '--experiment <file>',
      'JSON in the shape of POST /v1/experiments, or the key of a ready experiment',
    )
    .option('--runs <n>', 'worlds to play, each with the real arms and with equal ones', whole, 20)
    .option('--members <n>', 'members of each world', whole, 1000)
    .option('--days <n>', 'days to play', whole, 14)
    .option('--seed <text>', 'seed of the worlds', 'simulate')
    .option('--json', 'print one JSON document and nothing else')
    .action(simulateCommand);
}

async function simulateCommand(options: SimulateOptions): Promise<void> {
  const experiment = readExperiment(options.experiment);
  checkMetrics(experiment.ready);
  const progress = createProgress('worlds', 2 * options.runs, options.json === true);
  const result = await runSimulations(experiment, { ...options, progress: (done) => progress.set(done) });
  progress.stop();
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : describe(result));
}

const percent = (share: number | null): string => (share === null ? '-' : `${(100 * share).toFixed(1)} %`);

function describe(result: SimulationResult): string {
  const { experiment, runs, members, days, unitsPerRun } = result;
  const head = [
    `${experiment}: ${runs} runs of ${members} members and ${days} days, ${Math.round(unitsPerRun)} units each; a look every day`,
    `  power (says "ship"):                   ${percent(result.power)}`,
    `  false-ship rate (arms made equal):     ${percent(result.falseShipRate)}`,
    `  verdicts at the end: ${Object.entries(result.verdicts)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ')}`,
  ];
  const metrics = result.metrics.map(
    ({ metric, arm, difference, standardError, coverage, falsePositiveRate }) =>
      `  ${metric} of ${arm}: difference ${difference?.toPrecision(3) ?? '-'} (standard error ${standardError?.toPrecision(2) ?? '-'}), ` +
      `coverage ${percent(coverage)}, ever excluded 0 though equal ${percent(falsePositiveRate)}`,
  );
  return `${[...head, ...metrics].join('\n')}\n`;
}
