import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import { ApiClient } from '../demo/api-client.js';
import { resolveConnection } from '../demo/connection.js';
import type { ConnectionOptions } from '../demo/connection.js';
import { connected, jsonObject } from './connected.js';
import { describeRun, describeRuns, detailSchema, runSchema } from './lab/off-policy-text.js';
import { share, whole } from './number-options.js';

/** An evaluation reads up to 100,000 decisions. */
const PATIENCE_MS = 600_000;

interface RunFlags extends ConnectionOptions {
  readonly candidate?: string;
  readonly version?: number;
  readonly params?: Record<string, unknown>;
  readonly policyKey?: string;
  readonly floor?: number;
  readonly days?: number;
  readonly from?: string;
  readonly to?: string;
  readonly subject?: string;
  readonly kind?: string;
  readonly rows?: number;
  readonly margin?: number;
  readonly guardrail?: readonly Guardrail[];
  readonly requireYes?: boolean;
  readonly json?: boolean;
}

type ListFlags = ConnectionOptions & { readonly json?: boolean; readonly limit?: number };

const pathOf = (policy: string): string => `/v1/policies/${encodeURIComponent(policy)}/off-policy`;

/** @throws Error with one sentence unless exactly one candidate is named. */
function candidateOf({ candidate, version, params, policyKey, floor }: RunFlags): object {
  const named = [candidate, version, params].filter((one) => one !== undefined).length;
  if (named !== 1)
    throw new Error('name one candidate: --candidate POLICY, --version N, or --params JSON (may be {})');
  if (params === undefined && (policyKey ?? floor) !== undefined)
    throw new Error('--policy-key and --floor belong to --params');
  if (candidate !== undefined) return { policyId: candidate };
  if (version !== undefined) return { version };
  return { params, key: policyKey, floor };
}

/** @throws Error as candidateOf. */
export function runBody(flags: RunFlags): object {
  const { days, from, to, subject, kind, rows, margin, guardrail: guardrails } = flags;
  return { candidate: candidateOf(flags), days, from, to, subject, kind, rows, margin, guardrails };
}

interface Guardrail {
  readonly signal: string;
  readonly betterWhen: 'higher' | 'lower';
  readonly margin: number;
}

/** Parser of a repeatable option: `quit:lower:0.01`. @throws InvalidArgumentError with one sentence. */
export function guardrail(text: string, before: readonly Guardrail[] = []): Guardrail[] {
  const [, signal, betterWhen, amount] = /^(.+):(higher|lower):([^:]+)$/.exec(text) ?? [];
  const margin = Number(amount);
  if (signal === undefined || !(margin >= 0) || !Number.isFinite(margin))
    throw new InvalidArgumentError('SIGNAL:higher|lower:MARGIN is needed, for example quit:lower:0.01');
  return [...before, { signal, betterWhen: betterWhen === 'higher' ? 'higher' : 'lower', margin }];
}

/** `marquee off-policy run`, `list` and `show`. */
export function registerOffPolicy(program: Command): void {
  const command = program
    .command('off-policy')
    .description('what a candidate would have earned on the log of a policy, and what the gate says');
  registerRun(command);
  connected(
    command
      .command('list')
      .description('evaluations on the log of a policy, the newest first')
      .argument('<policy>'),
  )
    .option('--limit <n>', 'so many', whole, 20)
    .action(async (policy: string, flags: ListFlags) => {
      const answer = await new ApiClient(resolveConnection(flags)).call(
        'GET',
        `${pathOf(policy)}?limit=${flags.limit ?? 20}`,
      );
      const { items } = z.object({ items: z.array(runSchema) }).parse(answer);
      process.stdout.write(flags.json ? `${JSON.stringify(items)}\n` : describeRuns(items));
    });
  connected(
    command
      .command('show')
      .description('one evaluation with all its numbers')
      .argument('<policy>')
      .argument('<run>'),
  ).action(async (policy: string, run: string, flags: ListFlags) => {
    const path = `${pathOf(policy)}/${encodeURIComponent(run)}`;
    const detail = detailSchema.parse(await new ApiClient(resolveConnection(flags)).call('GET', path));
    process.stdout.write(flags.json ? `${JSON.stringify(detail)}\n` : describeRun(detail));
  });
}

function registerRun(command: Command): void {
  connected(
    command
      .command('run')
      .description('evaluate a candidate; the run is kept')
      .argument('<policy>', 'whose log it is'),
  )
    .option('--candidate <policy>', 'another policy, as it is configured and serves now')
    .option('--version <n>', 'a version of this policy', whole)
    .option('--params <json>', 'edited parameters; they learn the older half of the log', jsonObject)
    .option('--policy-key <key>', 'with --params: another registered policy')
    .option('--floor <share>', 'with --params: least probability of every action', share)
    .option('--days <n>', 'days of the log (30)', whole)
    .option('--from <time>', 'ISO 8601, in place of --days')
    .option('--to <time>', 'ISO 8601 (now)')
    .option('--subject <id>', 'decisions about one subject only')
    .option('--kind <kind>', 'action or slate, for a policy that serves both')
    .option('--rows <n>', 'at most so many, the newest (100,000)', whole)
    .option('--margin <share>', 'how much worse it may be (0.02)', share)
    .option(
      '--guardrail <signal:better:margin>',
      'a signal that may not get worse, for example quit:lower:0.01; may be repeated',
      guardrail,
    )
    .option('--require-yes', 'end with exit code 2 unless the gate says yes')
    .action(async (policy: string, flags: RunFlags) => {
      const body = runBody(flags);
      const client = new ApiClient(resolveConnection(flags));
      const detail = detailSchema.parse(
        await client.call('POST', pathOf(policy), body, undefined, PATIENCE_MS),
      );
      process.stdout.write(flags.json ? `${JSON.stringify(detail)}\n` : describeRun(detail));
      if (flags.requireYes && detail.answer !== 'yes') process.exitCode = 2;
    });
}
