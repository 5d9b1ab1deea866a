import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { ApiClient } from '../demo/api-client.js';
import { resolveConnection } from '../demo/connection.js';
import type { ConnectionOptions } from '../demo/connection.js';
import { connected, jsonObject } from './connected.js';
import { describeReplay, pageSchema } from './lab/replay-text.js';
import type { Page, Replayed } from './lab/replay-text.js';

const DAY_MS = 86_400_000;
const PAGE = 1000;

interface Flags extends ConnectionOptions {
  readonly candidate?: string;
  readonly version?: number | 'logged';
  readonly params?: Record<string, unknown>;
  readonly day?: string;
  readonly from?: string;
  readonly to?: string;
  readonly all?: boolean;
  readonly show: number;
  readonly json?: boolean;
}

/** @throws Error with one sentence for a day that is none, or two ways of saying when. */
export function replayBody({ candidate: policyId, version, params, day, from, to, all }: Flags): object {
  const rest = { candidate: { policyId, version, params }, limit: PAGE, show: all ? 'all' : 'differences' };
  if (day === undefined) return { ...rest, from, to };
  if ((from ?? to) !== undefined) throw new Error('give --day, or --from and --to');
  const start = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(day) : NaN;
  if (Number.isNaN(start)) throw new Error(`--day ${day}: a day like 2026-08-21 is needed`);
  return { ...rest, from: new Date(start).toISOString(), to: new Date(start + DAY_MS).toISOString() };
}

/**
 * Asks for page after page. Two replays at a time may run in a process of the API; then it waits.
 * @param most decisions to collect; the totals are of all.
 */
export async function replayAll(
  client: ApiClient,
  policy: string,
  body: object,
  most: number,
): Promise<{ last: Page; items: Replayed[] }> {
  const path = `/v1/policies/${encodeURIComponent(policy)}/replay`;
  const items: Replayed[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = pageSchema.parse(await client.persist('POST', path, { ...body, cursor }));
    items.push(...page.items.slice(0, most - items.length));
    if (page.nextCursor === null) return { last: page, items };
    cursor = page.nextCursor;
    if (process.stderr.isTTY) process.stderr.write(`\r${page.totals.decisions} decisions replayed `);
  }
}

function version(text: string): number | 'logged' {
  if (text === 'logged') return text;
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a number, or "logged", is needed');
  return Number(text);
}

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
}

/** `marquee replay POLICY`. */
export function registerReplay(program: Command): void {
  connected(
    program
      .command('replay')
      .description(
        'a day of logged requests through a candidate, with the same seeds; nothing is served or learned',
      )
      .argument('<policy>', 'whose log it is'),
  )
    .option('--candidate <policy>', 'another policy (default: the same)')
    .option('--version <n>', 'a version, or "logged": of each decision the one that served it', version)
    .option('--params <json>', 'laid over the parameters of the version', jsonObject)
    .option('--day <day>', 'a UTC day, 2026-08-21 (default: the last 24 hours)')
    .option('--from <time>', 'ISO 8601, with --to in place of --day')
    .option('--to <time>', 'ISO 8601')
    .option('--all', 'list decisions with the same choice too')
    .option('--show <n>', 'list at most so many decisions', count, 20)
    .action(async (policy: string, flags: Flags) => {
      const body = replayBody(flags);
      const client = new ApiClient(resolveConnection(flags));
      const { last, items } = await replayAll(client, policy, body, flags.show);
      if (process.stderr.isTTY) process.stderr.write('\n');
      const { items: _last, nextCursor: _end, ...totals } = last;
      process.stdout.write(
        flags.json ? `${JSON.stringify({ ...totals, items })}\n` : describeReplay(last, items),
      );
    });
}
