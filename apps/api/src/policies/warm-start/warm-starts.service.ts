import { Inject, Injectable } from '@nestjs/common';
import { recordChange } from '../../access/record-change.js';
import type { Acting } from '../../http/acting.js';
import { Problem } from '../../http/problem.js';
import { Database } from '../../persistence/database.js';
import type { Sql, Transaction } from '../../persistence/database.js';
import { lockPolicy, policyRowOf } from '../policy-row.js';
import type { PolicyRow } from '../policy-row.js';
import { countSource, surfacesOf, timeBefore, unitsWithout } from './source-log.js';
import type { SourceRange } from './source-log.js';
import { learnerOf, requireFit, requireUntouched } from './warm-start-checks.js';
import { readWarmStarts, sourceName, toWarmView } from './warm-start-row.js';
import type { HeldOut, WarmSource, WarmStartRow, WarmStartView } from './warm-start-row.js';
import type { WarmStartBody } from './warm-start.schemas.js';

const DAY_MS = 86_400_000;

/** What is learned from, and what is left for judging it. */
interface Split {
  readonly range: SourceRange;
  readonly heldOut: HeldOut | null;
  readonly matching: number;
}

/** Lets policies learn from the logs of others before their own first traffic. The learner does the work, step by step. */
@Injectable()
export class WarmStartsService {
  constructor(@Inject(Database) private readonly db: Database) {}

  async list(policyId: string): Promise<{ items: WarmStartView[] }> {
    await policyRowOf(this.db, policyId);
    return { items: (await readWarmStarts(this.db, policyId)).map(toWarmView) };
  }

  async get(policyId: string, id: string): Promise<WarmStartView> {
    const rows = await readWarmStarts(this.db, policyId);
    const row = rows.find((one) => one.id === id);
    if (!row) throw Problem.notFound(`A warm start of "${policyId}",`, id);
    return toWarmView(row);
  }

  /**
   * Writes the request down; learners find it within a second.
   * @throws Problem 400 or 404 for a source that is not there; 409 as learnerOf, requireUntouched and requireFit.
   */
  start(policyId: string, body: WarmStartBody, acting: Acting): Promise<WarmStartView> {
    return this.db.transaction(async (tx) => {
      const policy = await lockPolicy(tx, policyId, true);
      if (!policy) throw Problem.notFound('The policy', policyId);
      const algorithm = learnerOf(policy);
      await requireUntouched(tx, policy);
      const source = await sourceOf(tx, policyId, body);
      const now = new Date();
      const split = await splitOf(tx, policy, await rangeOf(tx, policy, source, body, now), body);
      await requireFit(tx, policy, algorithm, split.range, now);
      const view = toWarmView(await insert(tx, policy, split, acting));
      await recordChange(tx, acting, {
        action: 'policy.warm-start',
        entity: 'policy',
        entityKey: policyId,
        after: view,
      });
      return view;
    });
  }
}

/** @throws Problem 400 for the policy itself and for arms that the experiment does not have; 404 for what is not there. */
async function sourceOf(tx: Sql, policyId: string, { source }: WarmStartBody): Promise<WarmSource> {
  if ('policyId' in source) {
    if (source.policyId === policyId)
      throw Problem.invalid(
        '/source/policyId',
        'same_policy',
        'must be another policy; its own log it learns anyway',
      );
    await policyRowOf(tx, source.policyId);
    return { kind: 'policy', policyId: source.policyId };
  }
  const { experiment, arms = null } = source;
  const [found] = await tx.query<{ arms: string[] }>(
    `select array(select a ->> 'key' from jsonb_array_elements(arms) a) as arms from experiment where key = $1`,
    [experiment],
  );
  if (!found) throw Problem.notFound('The experiment', experiment);
  for (const [i, arm] of (arms ?? []).entries()) {
    if (!found.arms.includes(arm))
      throw Problem.invalid(
        `/source/arms/${i}`,
        'unknown_arm',
        `the experiment has the arms ${found.arms.join(', ')}`,
      );
  }
  return { kind: 'experiment', experiment, arms };
}

/** Decisions whose window by this policy's definition is still open are left: their reward is not known yet. */
async function rangeOf(
  tx: Sql,
  policy: PolicyRow,
  source: WarmSource,
  body: WarmStartBody,
  now: Date,
): Promise<SourceRange> {
  const { days, from, to, subject = null, surface } = body;
  const closed = now.getTime() - (policy.window_seconds + policy.grace_seconds) * 1000;
  const end = new Date(Math.min(to === undefined ? now.getTime() : Date.parse(to), closed));
  const start = from === undefined ? new Date(end.getTime() - days * DAY_MS) : new Date(from);
  const range: SourceRange = {
    source,
    from: start,
    to: end,
    subject,
    surface: surface ?? null,
    without: null,
  };
  const found = await surfacesOf(tx, range);
  const own = await tx.query<{ surface: string }>(
    `select distinct e.surface from experiment e where e.status <> 'archived' and exists (
       select from jsonb_array_elements(e.arms) a where a -> 'treatment' ->> 'policyId' = $1)`,
    [policy.id],
  );
  return {
    ...range,
    surface: surfaceOf(
      policy,
      source,
      found,
      own.map((one) => one.surface),
      surface,
    ),
  };
}

/** @throws Problem 409 `nothing_to_learn`, `other_surface`; 400 where one of several surfaces must be named. */
function surfaceOf(
  policy: PolicyRow,
  source: WarmSource,
  found: readonly string[],
  own: readonly string[],
  wanted: string | undefined,
): string {
  const [first] = found;
  if (first === undefined)
    throw Problem.conflict(
      'nothing_to_learn',
      `In ${sourceName(source)} no single choice or slate of the range has a closed window of ${policy.window_seconds} seconds`,
    );
  const fits = own.length === 0 ? found : found.filter((surface) => own.includes(surface));
  if (fits.length === 0 || (wanted !== undefined && own.length > 0 && !own.includes(wanted)))
    throw Problem.conflict(
      'other_surface',
      `The policy "${policy.id}" is for ${own.join(', ')}, and ${sourceName(source)} is of ${found.join(', ')}`,
    );
  const one = wanted ?? (fits.length === 1 ? fits[0] : undefined);
  if (one === undefined)
    throw Problem.invalid(
      '/surface',
      'required',
      `the log is of several surfaces; name one of ${fits.join(', ')}`,
    );
  return one;
}

/**
 * Cuts the log to its newest `rows` decisions, and these into what is learned from and what is held out.
 * @throws Problem 409 `nothing_to_learn`.
 */
async function splitOf(
  tx: Sql,
  policy: PolicyRow,
  whole: SourceRange,
  { rows, holdOut: { by, share } }: WarmStartBody,
): Promise<Split> {
  const all = await countSource(tx, whole);
  const first = all > rows ? await timeBefore(tx, whole, rows - 1) : undefined;
  const log = { ...whole, from: first ?? whole.from };
  const left = Math.round(Math.min(all, rows) * share);
  const cut = by === 'time' && left > 0 ? await timeBefore(tx, log, left - 1) : undefined;
  const heldOut: HeldOut | null =
    share === 0 ? null : { by, share, from: (cut ?? log.from).toISOString(), to: log.to.toISOString() };
  const range = { ...log, to: cut ?? log.to, without: unitsWithout(policy.id, heldOut) };
  const matching = await countSource(tx, range);
  if (matching === 0)
    throw Problem.conflict(
      'nothing_to_learn',
      `In ${sourceName(whole.source)} are ${all} decisions; after holding out ${100 * share} % none is left to learn from`,
    );
  return { range, heldOut, matching };
}

async function insert(
  tx: Transaction,
  policy: PolicyRow,
  { range, heldOut, matching }: Split,
  { actor }: Acting,
): Promise<WarmStartRow> {
  const [row] = await tx.query<WarmStartRow & Record<string, unknown>>(
    `insert into warm_start (policy_id, actor, source, surface, subject, from_at, to_at, held_out, definition, matching)
     values ($1, $2, $3::jsonb, $4, $5, $6, $7, $8::jsonb, $9, $10) returning *`,
    [
      policy.id,
      actor,
      JSON.stringify(range.source),
      range.surface,
      range.subject,
      range.from,
      range.to,
      heldOut === null ? null : JSON.stringify(heldOut),
      policy.reward_version,
      matching,
    ],
  );
  return row as WarmStartRow;
}
