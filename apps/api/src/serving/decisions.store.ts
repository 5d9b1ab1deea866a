import type { Context, Experiment, Json } from '#experiments';
import type { DecisionReason } from '#experiments';
import { decodeTime, isValid } from 'ulid';
import type { ShadowRecord } from '../queues/jobs.js';
import type { Sql } from '../persistence/database.js';
import { readRules, titleFeatures } from '../persistence/feature-rules.js';
import { CatalogStore } from './catalog-store.js';

/** Table `decision`, with the registry key of its policy. */
export interface DecisionRow {
  readonly id: string;
  readonly at: Date;
  readonly unit_id: string;
  readonly unit_type: string;
  readonly surface: string;
  readonly subject: string | null;
  readonly experiment: string | null;
  readonly arm: string | null;
  readonly phase: number | null;
  readonly kind: 'value' | 'action' | 'slate';
  readonly chosen: Json;
  readonly propensity: number;
  readonly arm_propensity: number;
  readonly policy_id: string | null;
  readonly policy_key: string | null;
  readonly policy_version: number | null;
  readonly candidates: readonly string[];
  readonly probabilities: readonly number[] | null;
  readonly context: Context;
  readonly features: Readonly<Record<string, Context>> | null;
  readonly seed: string;
  readonly reason: DecisionReason;
  readonly fallback: string | null;
  readonly holdout: string | null;
  readonly exposed: boolean;
  readonly latency_micros: number | null;
  readonly slice: 'exploration' | 'analysis' | null;
  readonly shadow: ShadowRecord | null;
  readonly withheld: boolean | null;
  readonly withhold_propensity: number | null;
  readonly parent_id: string | null;
  readonly joint_propensity: number | null;
  /** What no policy was told. */
  readonly audit: Context | null;
}

export interface EventRow {
  readonly id: string;
  readonly at: Date;
  readonly received_at: Date;
  readonly unit_id: string;
  readonly kind: 'exposure' | 'outcome';
  readonly name: string | null;
  readonly value: number | null;
  readonly decision_id: string | null;
  readonly action_id: string | null;
  readonly item_id: string | null;
  readonly position: number | null;
  readonly properties: Json;
  /** Orders events by their arrival in storage. */
  readonly txid: string;
}

export interface RewardRow {
  readonly position: number;
  readonly action_id: string;
  readonly reward: number;
  readonly settled_at: Date;
  /** First snapshot that used it; 0 waits to be learned, -1 is not learned from. */
  readonly version: number;
}

export interface DecisionFilter {
  readonly unitId?: string | undefined;
  readonly experiment?: string | undefined;
  readonly surface?: string | undefined;
  /** Id of a decision, or a time: older ones only. */
  readonly before?: string | undefined;
  readonly limit: number;
}

export interface EventFilter {
  readonly unitId?: string | undefined;
  readonly decisionId?: string | undefined;
  readonly before?: string | undefined;
  readonly limit: number;
}

const DAY = 86_400_000;
/** The newest decisions are looked for in the last two days, then thirty, then all: few partitions are touched. */
const WINDOWS = [2 * DAY, 30 * DAY, null] as const;
/** Events are accepted for ninety days, and a client's clock may be behind. */
const EVENT_WINDOW = 92 * DAY;
const MOST_EVENTS = 500;
/** More than one page has. */
const MOST_TOGETHER = 1000;

const DECISION = `
select d.id, d.at, d.unit_id, d.unit_type, d.surface, d.subject, d.experiment, d.arm, d.phase, d.kind, d.chosen, d.propensity,
  d.arm_propensity, d.policy_id, p.key as policy_key, d.policy_version, d.candidates, d.probabilities, d.context, d.features,
  d.seed, d.reason, d.fallback, d.holdout, d.exposed, d.latency_micros, d.slice, d.shadow, d.withheld, d.withhold_propensity,
  d.parent_id, d.joint_propensity, d.audit
from decision d left join policy p on p.id = d.policy_id`;
const EVENT = `
select id, at, received_at, unit_id, kind, name, value, decision_id, action_id, item_id, position, properties, txid from event`;

/** Time of a decision's id; null when the text is no such id. */
export function timeOf(decisionId: string): Date | null {
  return isValid(decisionId) ? new Date(decodeTime(decisionId)) : null;
}

/** Reads served decisions and what followed them. */
export class DecisionsStore {
  private readonly catalog: CatalogStore;

  constructor(private readonly db: Sql) {
    this.catalog = new CatalogStore(db);
  }

  async find(id: string): Promise<DecisionRow | null> {
    const at = timeOf(id);
    if (at === null) return null;
    const rows = await this.db.query<DecisionRow & Record<string, unknown>>(
      `${DECISION} where d.id = $1 and d.at = $2`,
      [id, at],
    );
    return rows[0] ?? null;
  }

  /** Those that are kept, in the order of their ids, which is that of time. */
  async findAll(ids: readonly string[]): Promise<DecisionRow[]> {
    const times = ids.map(timeOf).filter((at) => at !== null);
    return this.db.query<DecisionRow & Record<string, unknown>>(
      `${DECISION} where d.id = any($1) and d.at = any($2) order by d.id collate "C"`,
      [ids, times],
    );
  }

  /** Decisions of the same unit at the same moment, in no order. */
  madeTogether({ unit_id: unit, at }: Pick<DecisionRow, 'unit_id' | 'at'>): Promise<DecisionRow[]> {
    return this.db.query<DecisionRow & Record<string, unknown>>(
      `${DECISION} where d.unit_id = $1 and d.at = $2 limit ${MOST_TOGETHER}`,
      [unit, at],
    );
  }

  /** Newest first. */
  async list(filter: DecisionFilter): Promise<DecisionRow[]> {
    const values: unknown[] = [filter.limit];
    const where = (text: string, value: unknown): string => text.replace('?', `$${values.push(value)}`);
    const conditions = ['true'];
    if (filter.unitId !== undefined) conditions.push(where('d.unit_id = ?', filter.unitId));
    if (filter.experiment !== undefined) conditions.push(where('d.experiment = ?', filter.experiment));
    if (filter.surface !== undefined) conditions.push(where('d.surface = ?', filter.surface));
    let until = Date.now() + DAY;
    if (filter.before !== undefined) {
      const time = timeOf(filter.before);
      if (time) conditions.push(where('d.id < ?', filter.before));
      else conditions.push(where('d.at < ?', new Date(filter.before)));
      until = (time ?? new Date(filter.before)).getTime();
      conditions.push(where('d.at <= ?', new Date(until)));
    }
    // An id begins with its time, so both orders are the same; each uses the index that the filter asks for.
    const order =
      filter.unitId !== undefined || filter.experiment !== undefined ? 'd.at desc, d.id desc' : 'd.id desc';
    const from = values.push(new Date(0));
    let rows: DecisionRow[] = [];
    for (const window of WINDOWS) {
      if (window !== null) values[from - 1] = new Date(until - window);
      else values[from - 1] = new Date(0);
      rows = await this.db.query<DecisionRow & Record<string, unknown>>(
        `${DECISION} where ${conditions.join(' and ')} and d.at >= $${from} order by ${order} limit $1`,
        values,
      );
      if (rows.length >= filter.limit) break;
    }
    return rows;
  }

  /** Latest arrivals first; of one unit or decision by the events' own time. */
  async events(filter: EventFilter): Promise<EventRow[]> {
    const values: unknown[] = [filter.limit, new Date(Date.now() - EVENT_WINDOW)];
    const where = (text: string, value: unknown): string => text.replace('?', `$${values.push(value)}`);
    const conditions: string[] = [];
    const narrow = filter.unitId !== undefined || filter.decisionId !== undefined;
    if (!narrow) conditions.push('at >= $2');
    else conditions.push('$2::timestamptz is not null');
    if (filter.unitId !== undefined) conditions.push(where('unit_id = ?', filter.unitId));
    if (filter.decisionId !== undefined) conditions.push(where('decision_id = ?', filter.decisionId));
    const cursor = filter.before === undefined ? null : parseCursor(filter.before);
    if (cursor) {
      const at = values.push(cursor.at);
      const id = values.push(cursor.id);
      if (narrow) conditions.push(`(at, id) < ($${at}, $${id})`);
      else conditions.push(`(txid, at, id) < ($${values.push(cursor.txid)}::bigint, $${at}, $${id})`);
    } else if (filter.before !== undefined) {
      conditions.push(where('at < ?', new Date(filter.before)));
    }
    const order = narrow ? 'at desc, id desc' : 'txid desc, at desc, id desc';
    return this.db.query<EventRow & Record<string, unknown>>(
      `${EVENT} where ${conditions.join(' and ')} order by ${order} limit $1`,
      values,
    );
  }

  /** What was said about a decision, in the order in which it happened. */
  eventsOf(decision: Pick<DecisionRow, 'id' | 'at'>): Promise<EventRow[]> {
    return this.db.query<EventRow & Record<string, unknown>>(
      `${EVENT} where decision_id = $1 and at >= $2 order by at, id limit ${MOST_EVENTS}`,
      [decision.id, new Date(decision.at.getTime() - DAY)],
    );
  }

  async rewardsOf(decisionId: string): Promise<{ rows: RewardRow[]; dueAt: Date | null }> {
    const [rows, due] = await Promise.all([
      this.db.query<RewardRow & Record<string, unknown>>(
        'select position, action_id, reward, settled_at, version from reward where decision_id = $1 order by position',
        [decisionId],
      ),
      this.db.query<{ due_at: Date }>('select due_at from reward_due where decision_id = $1', [decisionId]),
    ]);
    return { rows, dueAt: due[0]?.due_at ?? null };
  }

  /** What policies may know of items. */
  async items(ids: readonly string[]): Promise<Map<string, { title: string; features: Context }>> {
    const rules = await readRules(this.db);
    const rows = await this.db.query<{ id: string; title: string; features: Context }>(
      'select id, title, features from item where id = any($1)',
      [ids],
    );
    return new Map(rows.map((row) => [row.id, { ...row, features: titleFeatures(rules, row.features) }]));
  }

  /** The experiment as it was in a phase; null when that phase is not kept. */
  async phase(experiment: string, phase: number): Promise<Experiment | null> {
    const now = await this.catalog.readExperiment(experiment);
    if (!now) return null;
    const rows = await this.db.query<
      { traffic: number; targeting: Experiment['targeting']; arms: Experiment['arms'] } & Record<
        string,
        unknown
      >
    >('select traffic, targeting, arms from experiment_phase where experiment = $1 and phase = $2', [
      experiment,
      phase,
    ]);
    const then = rows[0];
    if (!then) return now.phase === phase ? now : null;
    return { ...now, traffic: then.traffic, targeting: then.targeting, arms: then.arms, phase };
  }
}

/** Cursor of an event: arrival, time and id, which order events totally. */
export const cursorOf = (event: EventRow): string => `${event.txid}~${event.at.getTime()}~${event.id}`;

function parseCursor(text: string): { txid: string; at: Date; id: string } | null {
  const match = /^(\d{1,18})~(-?\d{1,16})~(.+)$/s.exec(text);
  return match ? { txid: match[1] as string, at: new Date(Number(match[2])), id: match[3] as string } : null;
}
