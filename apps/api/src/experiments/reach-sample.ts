import { Inject, Injectable } from '@nestjs/common';
import type { Context } from '#experiments';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';

/** Requests that are tried at most; of more, the requests of a share of the units. */
const MOST_ROWS = 10_000;
const MOST_HALVINGS = 24;
const BUDGET_MS = 3_000;
/** A sample serves all edits of a form; it does not depend on them. */
const KEEP_MS = 60_000;
const KEEP_EMPTY_MS = 3_000;
const MOST_KEPT = 32;
const DAY_MS = 86_400_000;
/** When the window that was asked for cannot be counted in time. */
const SHORT_DAYS = 1;
const TIMED_OUT = '57014';

export interface SampledRequest {
  readonly unitId: string;
  readonly unitType: string;
  readonly context: Context;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Past requests of a surface: all of them, or all of a share of the units. */
export interface ReachSample {
  readonly requests: readonly SampledRequest[];
  /** Share of the units whose requests are in it, in (0, 1]. */
  readonly share: number;
  readonly days: number;
  /** Fewer days than were asked for, because more could not be counted in time. */
  readonly short: boolean;
  /** Unix milliseconds; days are counted back from here. */
  readonly to: number;
}

/** Whose requests are wanted: the unit type, and the field of the context that names one where it is not the request's own. */
export interface SampleQuestion {
  readonly surface: string;
  readonly unitType: string;
  readonly contextField: string | null;
  readonly days: number;
}

/** Past requests that designs are tried on. Its work is bounded in rows and in time, and shared by all who ask. */
@Injectable()
export class ReachSamples {
  /** Longest that one look at the history may take. */
  statementMs = 2_000;
  private readonly kept = new Map<string, { until: number; sample: Promise<ReachSample | null> }>();

  constructor(@Inject(Database) private readonly db: Database) {}

  /** @returns null where even one day cannot be counted in time. */
  read(question: SampleQuestion, now: number): Promise<ReachSample | null> {
    const key = JSON.stringify(question);
    const known = this.kept.get(key);
    if (known && known.until > now) return known.sample;
    this.kept.delete(key);
    const [oldest] = this.kept.keys();
    if (this.kept.size >= MOST_KEPT && oldest !== undefined) this.kept.delete(oldest);
    const entry = { until: now + KEEP_MS, sample: this.sample(question, now) };
    this.kept.set(key, entry);
    entry.sample.then(
      (sample) => {
        if (sample?.requests.length === 0) entry.until = now + KEEP_EMPTY_MS;
      },
      () => this.kept.delete(key),
    );
    return entry.sample;
  }

  private async sample(question: SampleQuestion, now: number): Promise<ReachSample | null> {
    const whole = await this.within(question, now);
    if (whole || question.days <= SHORT_DAYS) return whole;
    const short = await this.within({ ...question, days: SHORT_DAYS }, now);
    return short && { ...short, short: true };
  }

  private async within(question: SampleQuestion, now: number): Promise<ReachSample | null> {
    try {
      return await this.db.transaction(async (tx) => {
        await tx.query(`select set_config('statement_timeout', $1, true)`, [String(this.statementMs)]);
        return readSample(tx, question, now);
      });
    } catch (error) {
      if (isTimeout(error)) return null;
      throw error;
    }
  }
}

function isTimeout(error: unknown): boolean {
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  return code === TIMED_OUT || driverError?.code === TIMED_OUT;
}

/** Begins with the share that the planner thinks is right, and halves it while there are too many. */
async function readSample(
  tx: Transaction,
  question: SampleQuestion,
  now: number,
): Promise<ReachSample | null> {
  const began = Date.now();
  const { surface, unitType, contextField, days } = question;
  const from = new Date(now - days * DAY_MS);
  const range = [surface, from, new Date(now)];
  let halvings = Math.max(0, Math.ceil(Math.log2((await guessRows(tx, range)) / MOST_ROWS)));
  for (; halvings <= MOST_HALVINGS && Date.now() - began < BUDGET_MS; halvings++) {
    const requests = await tx.query<SampledRequest & Record<string, unknown>>(
      `select unit_id as "unitId", unit_type as "unitType", context, extract(epoch from at)::float8 * 1000 as at
         from decision
        where surface = $1 and at > $2 and at <= $3 and reason <> 'FORCED'
          and (hashtextextended(coalesce(case when unit_type = $4 then unit_id else context ->> $5::text end, unit_id), 0)
               & $6::bigint) = 0
        limit $7`,
      [...range, unitType, contextField, 2 ** halvings - 1, MOST_ROWS + 1],
    );
    if (requests.length <= MOST_ROWS) return { requests, share: 2 ** -halvings, days, short: false, to: now };
  }
  return null;
}

/** Rows that the planner expects, from its statistics: nothing is counted. */
async function guessRows(tx: Transaction, range: readonly unknown[]): Promise<number> {
  const [row] = await tx.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    'explain (format json) select 1 from decision where surface = $1 and at > $2 and at <= $3',
    range,
  );
  return row?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
}
