import { SingleBar } from 'cli-progress';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { policyRegistry } from '#policies';
import type { Policy } from '#policies';
import { evaluateBandit } from './evaluate-bandit.js';
import { PROTOCOLS } from './evaluate-protocols.js';
import { whole } from './number-options.js';
import { evaluateNextSession } from './evaluate-next-session.js';
import { evaluateRecommender } from './evaluate-recommender.js';
import { registerEvaluateSearch } from './search/register.js';
import { evaluateTradeOff, tradeOffTable } from './evaluate-trade-off.js';

/** Keys of the registered policies that `evaluate bandit` or `evaluate recommender` can play. */
export function listPolicies(kind: 'bandit' | 'recommender'): string[] {
  const ranksHistory = (policy: Policy): boolean =>
    policy.learns !== 'online' || policy.warmStart !== undefined;
  const plays = kind === 'bandit' ? (policy: Policy) => policy.learns !== 'batch' : ranksHistory;
  return policyRegistry
    .list()
    .filter(plays)
    .map((policy) => policy.key);
}

interface CommonOptions {
  readonly list?: boolean;
  readonly params?: unknown;
  readonly seed: number;
  readonly json?: boolean;
}

interface BanditOptions extends CommonOptions {
  readonly stream?: string;
}

interface RecommenderOptions extends CommonOptions {
  readonly data?: string;
  readonly protocol: string;
  readonly split?: string;
  readonly graph?: string;
  readonly rerank?: unknown;
  readonly tags?: boolean;
  readonly tradeOff?: boolean;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`It is not JSON: ${(error as Error).message}`);
  }
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (!Number.isSafeInteger(seed)) throw new InvalidArgumentError('It is not a whole number.');
  return seed;
}

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new Error(`${name} is missing`);
  return value;
}

/** A progress bar on a terminal; nothing with --json or when the output is piped. */
function progressBar(
  json: boolean | undefined,
  format: string,
): { update(done: number): void; stop(): void } {
  if (json === true || !process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, clearOnComplete: true });
  bar.start(100, 0);
  return { update: (share) => bar.update(Math.round(100 * share)), stop: () => bar.stop() };
}

function print(result: object, json: boolean | undefined): void {
  if (json === true) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  for (const [name, value] of Object.entries(result)) {
    process.stdout.write(
      `${name.padEnd(20)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}\n`,
    );
  }
}

async function runBandit(key: string | undefined, options: BanditOptions): Promise<void> {
  if (options.list === true) {
    process.stdout.write(`${listPolicies('bandit').join('\n')}\n`);
    return;
  }
  // The length of a stream is not known beforehand, so rounds are counted rather than a share of them.
  const counting = options.json !== true && process.stderr.isTTY;
  const result = await evaluateBandit({
    policy: required(key, 'the key of the policy'),
    stream: required(options.stream, '--stream'),
    params: options.params,
    seed: options.seed,
    ...(counting ? { progress: (rounds: number) => process.stderr.write(`\r${rounds} rounds `) } : {}),
  });
  if (counting) process.stderr.write('\r');
  print(result, options.json);
}

function runRecommender(key: string | undefined, options: RecommenderOptions): void {
  if (options.list === true) {
    process.stdout.write(`${listPolicies('recommender').join('\n')}\n`);
    return;
  }
  const bar = progressBar(options.json, 'evaluating {bar} {percentage}% | {eta_formatted} left');
  try {
    const settings = {
      policy: required(key, 'the key of the policy'),
      data: required(options.data, '--data'),
      protocol: options.protocol,
      params: options.params,
      seed: options.seed,
      ...(options.split === undefined ? {} : { split: options.split }),
      ...(options.graph === undefined ? {} : { graph: options.graph }),
      ...(options.rerank === undefined ? {} : { rerank: options.rerank }),
      tags: options.tags === true,
      progress: (share: number) => bar.update(share),
    };
    if (options.tradeOff === true) {
      const curve = evaluateTradeOff(settings);
      bar.stop();
      process.stdout.write(options.json === true ? `${JSON.stringify(curve)}\n` : tradeOffTable(curve));
      return;
    }
    const result = evaluateRecommender(settings);
    bar.stop(); // before the result, or the bar would be drawn over it
    print(result, options.json);
  } finally {
    bar.stop();
  }
}

const withList = (command: Command): Command =>
  withCommonOptions(command).option('--list', 'print the keys of the policies, one a line');
interface NextSessionFlags extends Omit<CommonOptions, 'list'> {
  readonly data?: string;
  readonly members: number;
  readonly days: number;
}

async function runNextSession({ data, members, days, seed, params, json }: NextSessionFlags): Promise<void> {
  const bar = progressBar(json, 'evaluating {bar} {percentage}% | {eta_formatted} left');
  try {
    const progress = (share: number): void => bar.update(share);
    const given = { members, days, seed, params, progress };
    const result = await evaluateNextSession(data === undefined ? given : { ...given, data });
    bar.stop();
    print(result, json);
  } finally {
    bar.stop();
  }
}

function withCommonOptions(command: Command): Command {
  return command
    .option('--params <json>', 'parameters of the policy', parseJson)
    .option('--seed <n>', 'seed of all chance', parseSeed, 1)
    .option('--json', 'print one JSON document and nothing else');
}

/** Adds `evaluate` with its subcommands to the program; bad input rejects with one clear sentence. */
export function registerEvaluate(program: Command): void {
  const evaluate = program.command('evaluate').description('score a policy on recorded data');
  withList(evaluate.command('bandit').argument('[key]', 'policy'))
    .description('play a recorded environment and report mean reward and regret')
    .option('--stream <file>', 'rounds as JSON lines, plain or gzipped')
    .action(runBandit);
  withList(evaluate.command('recommender').argument('[key]', 'policy'))
    .description('train on ratings, rank what was hidden, and report how well')
    .option('--data <dir>', 'directory with ratings.csv')
    .option('--protocol <name>', PROTOCOLS.join(', '), 'strong')
    .option('--split <file>', 'JSON file with the split')
    .option('--graph <dir>', 'directory with kg-triples.tsv, whose attributes become features of the titles')
    .option('--rerank <json>', 're-rankers around the policy: {"key", "params"} or a list of them', parseJson)
    .option(
      '--trade-off',
      'try the re-ranker trade-off over a grid of weights and bounds, and print the curve',
    )
    .option('--tags', 'tags.csv of the data directory becomes a feature of the titles')
    .action(runRecommender);
  registerEvaluateSearch(evaluate, withCommonOptions);
  evaluate
    .command('next-session')
    .description('train the anticipatory policy, and ask who comes back within a day and to which title')
    .option('--data <dir>', 'directory with ratings.csv; without it, the simulated service')
    .option('--members <n>', 'members of the simulated service', whole, 2000)
    .option('--days <n>', 'days of the simulated service', whole, 56)
    .option('--params <json>', 'parameters of the policy', parseJson)
    .option('--seed <n>', 'seed of all chance', parseSeed, 1)
    .option('--json', 'print one JSON document and nothing else')
    .action(runNextSession);
}
