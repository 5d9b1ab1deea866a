import { setTimeout as sleep } from 'node:timers/promises';
import { Option } from 'commander';
import type { Command } from 'commander';
import { ApiClient } from '../demo/api-client.js';
import { resolveConnection } from '../demo/connection.js';
import type { ConnectionOptions } from '../demo/connection.js';
import { connected } from './connected.js';
import { describeWarmStart, warmStartSchema } from './lab/warm-start-text.js';
import type { WarmStart } from './lab/warm-start-text.js';
import { share, whole } from './number-options.js';

const POLL_MS = 500;
/** Reading the log once, to see how much there is and whether it fits. */
const PATIENCE_MS = 120_000;

interface Flags extends ConnectionOptions {
  readonly from?: string;
  readonly fromExperiment?: string;
  readonly arms?: string;
  readonly days?: number;
  readonly since?: string;
  readonly until?: string;
  readonly subject?: string;
  readonly surface?: string;
  readonly rows?: number;
  readonly holdOut: number;
  readonly holdOutBy: 'time' | 'unit';
  readonly wait: boolean;
  readonly json?: boolean;
}

/** @throws Error with one sentence unless exactly one source is named. */
export function warmStartBody(flags: Flags): object {
  const { from, fromExperiment: experiment, arms, since, until, holdOut, holdOutBy } = flags;
  if ((from === undefined) === (experiment === undefined))
    throw new Error('name one source: --from POLICY or --from-experiment KEY');
  if (arms !== undefined && experiment === undefined) throw new Error('--arms belongs to --from-experiment');
  const { days, subject, surface, rows } = flags;
  return {
    source:
      from === undefined
        ? { experiment, arms: arms?.split(',').map((arm) => arm.trim()) }
        : { policyId: from },
    ...{ days, from: since, to: until, subject, surface, rows },
    holdOut: { by: holdOutBy, share: holdOut },
  };
}

const pathOf = (policy: string): string => `/v1/policies/${encodeURIComponent(policy)}/warm-starts`;

/** Asks until it has ended. */
async function ended(client: ApiClient, policy: string, begun: WarmStart): Promise<WarmStart> {
  let now = begun;
  while (now.status === 'queued' || now.status === 'running') {
    if (process.stderr.isTTY) process.stderr.write(`\r${now.read} of ${now.matching} decisions read `);
    await sleep(POLL_MS);
    now = warmStartSchema.parse(await client.persist('GET', `${pathOf(policy)}/${now.id}`));
  }
  if (process.stderr.isTTY) process.stderr.write('\n');
  return now;
}

/** `marquee policy warm-start`. */
export function registerPolicy(program: Command): void {
  const command = program.command('policy').description('what is done to one policy');
  connected(
    command
      .command('warm-start')
      .description('learn from the log of another policy or of experiment arms, before the first traffic')
      .argument('<policy>', 'that learns; it has learned and served nothing yet'),
  )
    .option('--from <policy>', 'whose log it learns from')
    .option('--from-experiment <key>', 'or the log of its arms, those with a fixed value too')
    .option('--arms <keys>', 'with --from-experiment: only these, separated by commas')
    .option('--days <n>', 'days of the log (30)', whole)
    .option('--since <time>', 'ISO 8601, in place of --days')
    .option('--until <time>', 'ISO 8601 (now)')
    .option('--subject <id>', 'decisions about one subject only')
    .option('--surface <key>', 'where the log is of several surfaces')
    .option('--rows <n>', 'at most so many decisions, the newest (100,000)', whole)
    .option('--hold-out <share>', 'share of the log that is left for judging what was learned', share, 0.5)
    .addOption(
      new Option('--hold-out-by <what>', 'time: the newest; unit: of a share of the units')
        .choices(['time', 'unit'])
        .default('time'),
    )
    .option('--no-wait', 'do not wait for its end')
    .action(async (policy: string, flags: Flags) => {
      const client = new ApiClient(resolveConnection(flags));
      const begun = warmStartSchema.parse(
        await client.call('POST', pathOf(policy), warmStartBody(flags), undefined, PATIENCE_MS),
      );
      const last = flags.wait ? await ended(client, policy, begun) : begun;
      process.stdout.write(flags.json ? `${JSON.stringify(last)}\n` : describeWarmStart(last));
      if (last.status === 'failed') process.exitCode = 2;
    });
}
