import { createRng } from '#experiments';
import type { Json } from '#experiments';
import type { TrainingSet } from '#policies';
import type { Database, Sql, Transaction } from '../src/persistence/database.js';

/** Facts that learning reads, written straight into the tables. */
export const T0 = Date.UTC(2026, 4, 1, 12);

/** A ULID-like id whose order is that of `n`. */
export const idOf = (n: number): string => `01JT${String(n).padStart(22, '0')}`;

/** Empties what learning reads and writes; cheaper than a new database. */
export async function clearLearning(db: Sql): Promise<void> {
  const tables = [
    'reward_due',
    'reward',
    'warm_start',
    'withheld_outcome',
    'withheld_sum',
    'policy_snapshot',
    'training_run',
    'policy',
    'decision',
    'event',
    'item',
    'counter',
  ];
  for (const table of tables) await db.query(`delete from ${table}`);
}

export interface PolicyFixture {
  readonly id?: string;
  readonly key?: string;
  readonly params?: Json;
  readonly reward?: Json;
  readonly windowSeconds?: number;
  readonly learning?: boolean;
}

export async function insertPolicy(db: Sql, fixture: PolicyFixture = {}): Promise<string> {
  const id = fixture.id ?? 'artwork';
  await db.query(
    `insert into policy (id, key, title, params, exploration, reward, window_seconds, learning)
     values ($1, $2, 'A policy', $3::jsonb, '{"key": "epsilon-mix", "params": {}}', $4::jsonb, $5, $6)`,
    [
      id,
      fixture.key ?? 'thompson-beta',
      JSON.stringify(fixture.params ?? {}),
      JSON.stringify(fixture.reward ?? { outcomes: [{ name: 'play', value: 'one' }], combine: 'max' }),
      fixture.windowSeconds ?? 60,
      fixture.learning ?? true,
    ],
  );
  return id;
}

export interface DecisionFixture {
  readonly n: number;
  readonly policyId?: string;
  readonly action?: string;
  readonly slate?: readonly string[];
  readonly candidates?: readonly string[];
  readonly at?: number;
  readonly exposed?: boolean;
  readonly unitId?: string;
  readonly context?: Json;
  readonly dueAt?: number;
  readonly slice?: 'exploration' | 'analysis';
  readonly shadow?: Json;
  /** Withheld or shown by a lot of 0.5; absent: no lot was drawn. */
  readonly withheld?: boolean;
}

const DECISION = {
  policyId: 'artwork',
  action: 'a',
  candidates: ['a', 'b', 'c'] as readonly string[],
  exposed: true,
};

/** Decisions with their due rows; the window ends 60 seconds after the decision unless `dueAt` says otherwise. */
export async function insertDecisions(db: Sql, fixtures: readonly DecisionFixture[]): Promise<void> {
  await db.query(`select ensure_partitions('2026-04-30', '2026-05-03')`);
  const rows = fixtures.map((fixture) => {
    const row = { ...DECISION, at: T0 + fixture.n * 10, unitId: `u${fixture.n % 7}`, ...fixture };
    const slate = row.slate?.map((id) => ({ id, propensity: 0.5 }));
    return {
      id: idOf(row.n),
      at: new Date(row.at).toISOString(),
      unit_id: row.unitId,
      kind: slate ? 'slate' : 'action',
      chosen: slate ?? row.action,
      policy_id: row.policyId,
      candidates: row.slate ?? row.candidates,
      context: row.context ?? { device: row.n % 2 === 0 ? 'tv' : 'phone' },
      exposed: row.exposed,
      slice: row.slice ?? null,
      shadow: row.shadow ?? null,
      withheld: row.withheld ?? null,
      due_at: new Date(row.dueAt ?? row.at + 60_000).toISOString(),
    };
  });
  await db.query(
    `with row as (
       select * from jsonb_to_recordset($1::jsonb) as r (id text, at timestamptz, unit_id text, kind text, chosen jsonb,
         policy_id text, candidates text[], context jsonb, exposed boolean, slice text, shadow jsonb, withheld boolean, due_at timestamptz)),
     stored as (
       insert into decision (id, at, unit_id, unit_type, surface, kind, chosen, propensity, arm_propensity, policy_id,
         policy_version, candidates, context, seed, reason, exposed, slice, shadow, withheld, withhold_propensity)
       select id, at, unit_id, 'member', 'title.artwork', kind, chosen, 0.5, 1, policy_id, 1, candidates, context, 's',
         'POLICY', exposed, slice, shadow, withheld, case when withheld is not null then 0.5 end from row)
     insert into reward_due (decision_id, decision_at, policy_id, due_at) select id, at, policy_id, due_at from row`,
    [JSON.stringify(rows)],
  );
}

export interface EventFixture {
  readonly id: string;
  readonly n: number;
  readonly kind?: 'exposure' | 'outcome';
  readonly name?: string;
  readonly value?: number;
  readonly at?: number;
  readonly actionId?: string;
  readonly itemId?: string;
  readonly position?: number;
  readonly unitId?: string;
}

export async function insertEvents(db: Sql, fixtures: readonly EventFixture[]): Promise<void> {
  const rows = fixtures.map((fixture) => ({
    id: fixture.id,
    at: new Date(fixture.at ?? T0 + fixture.n * 10 + 5000).toISOString(),
    unit_id: fixture.unitId ?? `u${fixture.n % 7}`,
    kind: fixture.kind ?? 'outcome',
    name: fixture.kind === 'exposure' ? null : (fixture.name ?? 'play'),
    value: fixture.value ?? null,
    decision_id: idOf(fixture.n),
    action_id: fixture.actionId ?? null,
    item_id: fixture.itemId ?? null,
    position: fixture.position ?? null,
  }));
  await db.query(
    `insert into event (id, at, received_at, unit_id, kind, name, value, decision_id, action_id, item_id, position)
     select id, at, at, unit_id, kind, name, value, decision_id, action_id, item_id, position
     from jsonb_to_recordset($1::jsonb) as r (id text, at timestamptz, unit_id text, kind text, name text,
       value float8, decision_id text, action_id text, item_id text, position int)`,
    [JSON.stringify(rows)],
  );
}

/** A database whose n-th statement of a transaction fails, as if the process or the connection had died there. */
export function crashingAt(database: Database, statement: number): { db: Database; count(): number } {
  let seen = 0;
  const transaction = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
    database.transaction((tx) =>
      work({
        manager: tx.manager,
        connection: () => tx.connection(),
        query: (text, values) => {
          seen += 1;
          if (seen === statement) throw new Error('crash');
          return tx.query(text, values);
        },
      }),
    );
  const db = Object.assign(Object.create(database) as Database, { transaction });
  return { db, count: () => seen };
}

const HOUR = 3_600_000;

/** Units of two tastes, each watching items of its own half, in random order over time. */
export function tastes(units: number, items: number, perUnit: number, seed: string): TrainingSet {
  const rng = createRng(seed);
  const rows: { unit: number; item: number; at: number }[] = [];
  for (let unit = 0; unit < units; unit++) {
    const half = items / 2;
    const liked = Array.from({ length: half }, (_, i) => (unit % 2) * half + i).sort(
      () => rng.uniform() - 0.5,
    );
    liked
      .slice(0, perUnit)
      .forEach((item) => rows.push({ unit, item, at: Math.floor(rng.uniform() * 1000) * HOUR }));
  }
  rows.sort((a, b) => a.at - b.at || a.unit - b.unit || a.item - b.item);
  return {
    units: Array.from({ length: units }, (_, i) => `u${i}`),
    items: Array.from({ length: items }, (_, i) => `i${i}`),
    unit: Uint32Array.from(rows, (row) => row.unit),
    item: Uint32Array.from(rows, (row) => row.item),
    value: new Float64Array(rows.length).fill(1),
    at: Float64Array.from(rows, (row) => row.at),
    itemFeatures: Array.from({ length: items }, () => ({})),
  };
}
