import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createRng } from '#experiments';
import { figureOf, median } from './figure.js';
import type { Figure } from './figure.js';
import type { Ground } from './stack.js';

const UNITS = 100_000;
const RUNS = 3;

/** One row per unit of an experiment with a small lift: a conversion, minutes, and minutes before. */
function writeTable(file: string): void {
  const rng = createRng('bench-analyze');
  const lines = ['unit,arm,converted,minutes,before'];
  for (let unit = 0; unit < UNITS; unit++) {
    const treated = rng.uniform() < 0.5;
    const taste = -Math.log(1 - rng.uniform()) * 40;
    const minutes = taste + rng.uniform() * 30 + (treated ? 1.5 : 0);
    const converted = rng.uniform() < (treated ? 0.21 : 0.2) ? 1 : 0;
    const before = taste + rng.uniform() * 30;
    lines.push(
      `unit-${unit},${treated ? 'treatment' : 'control'},${converted},${minutes.toFixed(2)},${before.toFixed(2)}`,
    );
  }
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
}

function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['dist/apps/cli/src/main.js', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (part: Buffer) => (output += part.toString('utf8')));
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`marquee analyze ended with ${code}`)),
    );
  });
}

/** `marquee analyze` of 100,000 units, from the start of the process to its end. */
export async function benchAnalyze(ground: Ground): Promise<Figure[]> {
  fs.mkdirSync(ground.stateDir, { recursive: true });
  const file = path.join(ground.stateDir, 'units.csv');
  writeTable(file);
  const metrics = ['--metric', 'converted:proportion', '--metric', 'minutes:mean'];
  const args = [
    'analyze',
    file,
    '--unit',
    'unit',
    '--arm',
    'arm',
    '--control',
    'control',
    ...metrics,
    '--covariate',
    'before',
    '--json',
  ];
  const seconds: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const began = performance.now();
    const { results } = JSON.parse(await run(args)) as {
      results: readonly { control: { n: number }; treatment: { n: number } }[];
    };
    seconds.push((performance.now() - began) / 1000);
    const [first] = results;
    if (!first || first.control.n + first.treatment.n !== UNITS)
      throw new Error('the analysis does not count every unit');
  }
  fs.rmSync(file);
  return [
    figureOf(
      {
        key: 'analyze',
        title: 'marquee analyze, 100,000 units',
        unit: 's',
        value: median(seconds),
        ceiling: null,
        target: { of: 'value', atMost: 5 },
      },
      { 'longest s': Math.max(...seconds), metrics: 2, covariates: 1 },
    ),
  ];
}
