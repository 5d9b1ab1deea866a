import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { evaluateSearch } from './evaluate-search.js';
import type { SearchEvaluation } from './evaluate-search.js';
import { QUERY_KINDS } from './queries.js';

interface Options {
  readonly data?: string;
  readonly queries: number;
  readonly params?: unknown;
  readonly seed: number;
  readonly json?: boolean;
}

function counted(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 100_000)
    throw new Error(`"${text}" is not a number of queries`);
  return value;
}

function table({ searchers, ...rest }: SearchEvaluation): string {
  const names = Object.keys(searchers);
  const head = ['', ...names.flatMap((name) => [`${name} MRR`, '@1', '@10'])];
  const rows = [...QUERY_KINDS, 'all'].map((kind) => [
    kind,
    ...names.flatMap((name) => {
      const score = searchers[name]?.[kind];
      return [score?.mrr, score?.['success@1'], score?.['success@10']].map((value) =>
        (value ?? 0).toFixed(4),
      );
    }),
  ]);
  const lines = [head, ...rows].map((cells) =>
    cells.map((cell, i) => cell.padEnd(i === 0 ? 12 : 13)).join(''),
  );
  const facts = Object.entries(rest).map(([name, value]) => `${name.padEnd(16)} ${JSON.stringify(value)}`);
  return [...lines, '', ...facts].join('\n');
}

function run(options: Options): void {
  if (options.data === undefined) throw new Error('--data is missing');
  const quiet = options.json === true || !process.stderr.isTTY;
  const bar = quiet
    ? null
    : new SingleBar({ format: 'searching {bar} {percentage}%', stream: process.stderr });
  bar?.start(1, 0);
  const { data, queries, params, seed } = options;
  const result = evaluateSearch({ data, queries, params, seed, progress: (share) => bar?.update(share) });
  bar?.stop();
  process.stdout.write(`${options.json === true ? JSON.stringify(result) : table(result)}\n`);
}

/** Adds `evaluate search`. */
export function registerEvaluateSearch(evaluate: Command, withCommon: (command: Command) => Command): void {
  withCommon(evaluate.command('search'))
    .description('index films, ask for them in many ways, and report how often they stand first')
    .option('--data <dir>', 'directory with films.jsonl')
    .option('--queries <n>', 'queries of each kind', counted, 500)
    .action(run);
}
