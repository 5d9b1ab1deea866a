import type { Context } from '#experiments';
import type { SignalRows, TaskDefinition, TaskRows, TrainingNeeds, TrainingSet } from '#policies';
import { readCatalogue, readLists } from './training-lists.js';
import { attributeSql, contextSql, readRules, titleFeatures } from '../persistence/feature-rules.js';
import type { FeatureRules } from '../persistence/feature-rules.js';
import { ITEM_FEATURES_AT } from '../persistence/item-past.js';
import type { Transaction } from '../persistence/database.js';
import { worthOf } from './reward.js';
import type { RewardDefinition } from './reward.js';
import { Numbering } from '../persistence/numbering.js';

/** Rows that one fetch brings into memory. */
const FETCH = 20_000;

/** A growing column of numbers: twice the size whenever it is full. */
class Column<A extends Float64Array | Uint32Array | Int32Array> {
  length = 0;
  constructor(
    private values: A,
    private readonly make: (length: number) => A,
  ) {}

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = this.make(Math.max(1024, this.values.length * 2));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  done(): A {
    return this.values.slice(0, this.length) as A;
  }
}

const floats = (): Column<Float64Array> =>
  new Column(new Float64Array(0), (length) => new Float64Array(length));
const indices = (): Column<Uint32Array> =>
  new Column(new Uint32Array(0), (length) => new Uint32Array(length));

const signed = (): Column<Int32Array> => new Column(new Int32Array(0), (length) => new Int32Array(length));

/** Numbers contexts: equal ones share a place, so that a million rows hold some thousands of them. */
class Contexts {
  readonly list: Context[] = [];
  private readonly places = new Map<string, number>();

  /** @param text a context as JSON; null: there is none. */
  of(text: string | null): number {
    if (text === null) return -1;
    let place = this.places.get(text);
    if (place === undefined) {
      place = this.list.length;
      this.list.push(JSON.parse(text) as Context);
      this.places.set(text, place);
    }
    return place;
  }
}

interface OutcomeRow {
  readonly context?: string | null;
  readonly unit_id: string;
  readonly item: string;
  readonly name: string;
  readonly value: number | null;
  readonly at: Date;
}

/** Reads an open cursor to its end, some rows at a time, and closes it. */
export async function eachRow<Row>(tx: Transaction, cursor: string, take: (row: Row) => void): Promise<void> {
  for (;;) {
    const rows = await tx.query<Row & Record<string, unknown>>(`fetch ${FETCH} from ${cursor}`);
    for (const row of rows) take(row);
    if (rows.length < FETCH) break;
  }
  await tx.query(`close ${cursor}`);
}

/**
 * Streams a dated cut of outcomes into a training set: every counting outcome that names an item (else an action)
 * and is worth more than nothing is one row of positive feedback. In order of time, then event id, so that the same
 * cut gives the same bytes.
 * @param definition which outcomes count, and how much each is worth.
 * @param cutAt outcomes before this time count.
 * @param needs what is read besides: contexts as they were frozen at the decisions that outcomes name, tasks, the whole
 *   catalogue, and lists that answered a question.
 */
export async function readTrainingSet(
  tx: Transaction,
  definition: RewardDefinition,
  cutAt: Date,
  needs: TrainingNeeds = { contexts: false, tasks: [] },
): Promise<TrainingSet> {
  const rules = await readRules(tx);
  const units = new Numbering();
  const items = new Numbering();
  const contexts = new Contexts();
  const context = signed();
  const [unit, item, value, at] = [indices(), indices(), floats(), floats()];
  await tx.query(
    `declare training_data no scroll cursor for
     select e.unit_id, coalesce(e.item_id, e.action_id) as item, e.name, e.value, e.at${needs.contexts ? `, (${contextSql(rules, 'd')})::text as context` : ''}
       from event e ${needs.contexts ? DECISION_OF_EVENT : ''}
     where e.kind = 'outcome' and e.name = any($1) and e.at < $2 and coalesce(e.item_id, e.action_id) is not null
     order by e.at, e.id collate "C"`,
    [[...new Set(definition.outcomes.map((outcome) => outcome.name))], cutAt],
  );
  await eachRow<OutcomeRow>(tx, 'training_data', (row) => {
    const worth = worthOf(definition, row.name, row.value);
    if (worth === null || worth <= 0) return;
    unit.push(units.of(row.unit_id));
    item.push(items.of(row.item));
    value.push(worth);
    at.push(row.at.getTime());
    if (needs.contexts) context.push(contexts.of(row.context ?? null));
  });
  const numbers = { units, items, contexts, rules };
  const tasks: TaskRows[] = [];
  for (const task of needs.tasks) tasks.push(await readTask(tx, task, cutAt, numbers));
  const signals = needs.signals ? await readSignals(tx, definition, cutAt, numbers) : undefined;
  return {
    ...(signals ? { signals } : {}),
    ...(needs.contexts ? { contexts: contexts.list, context: context.done() } : {}),
    ...(tasks.length > 0 ? { tasks } : {}),
    ...(needs.catalogue === undefined
      ? {}
      : { catalogue: await readCatalogue(tx, needs.catalogue, cutAt, rules) }),
    ...(needs.listsAbout === undefined
      ? {}
      : { lists: await readLists(tx, definition, cutAt, needs.listsAbout, rules) }),
    units: units.names,
    items: items.names,
    unit: unit.done(),
    item: item.done(),
    value: value.done(),
    at: at.done(),
    itemFeatures: await readItemFeatures(tx, items.names, cutAt, rules),
  };
}

interface Numbers {
  readonly units: Numbering;
  readonly items: Numbering;
  readonly contexts: Contexts;
  readonly rules: FeatureRules;
}

/** The decision that an event names, if it was made for the same unit. */
const DECISION_OF_EVENT = 'left join decision d on d.id = e.decision_id and d.unit_id = e.unit_id';

interface SignalEventRow extends OutcomeRow {
  readonly device: string | null;
}

/**
 * Every outcome about an item that somebody gave positive feedback on, whether it counts itself or not: what was skipped
 * or stopped tells as much about the next step as what was watched.
 */
async function readSignals(
  tx: Transaction,
  definition: RewardDefinition,
  cutAt: Date,
  { units, items, rules }: Numbers,
): Promise<SignalRows> {
  const [names, devices] = [new Numbering(), new Numbering()];
  const [unit, item, name, counts] = [indices(), indices(), indices(), indices()];
  const [device, at] = [signed(), floats()];
  await tx.query(
    `declare training_signals no scroll cursor for
     select e.unit_id, coalesce(e.item_id, e.action_id) as item, e.name, e.value, e.at, ${attributeSql(rules, 'd', 'device')} as device
       from event e ${DECISION_OF_EVENT}
      where e.kind = 'outcome' and e.at < $1 and coalesce(e.item_id, e.action_id) is not null
      order by e.at, e.id collate "C"`,
    [cutAt],
  );
  await eachRow<SignalEventRow>(tx, 'training_signals', (row) => {
    const [place, who] = [items.find(row.item), units.find(row.unit_id)];
    if (place === undefined || who === undefined) return;
    unit.push(who);
    item.push(place);
    name.push(names.of(row.name));
    device.push(row.device === null ? -1 : devices.of(row.device));
    at.push(row.at.getTime());
    counts.push((worthOf(definition, row.name, row.value) ?? 0) > 0 ? 1 : 0);
  });
  return {
    names: names.names,
    devices: devices.names,
    unit: unit.done(),
    item: item.done(),
    name: name.done(),
    device: device.done(),
    at: at.done(),
    counts: Uint8Array.from(counts.done()),
  };
}

interface TaskEventRow {
  readonly unit_id: string;
  readonly item: string | null;
  readonly at: Date;
  readonly context: string | null;
  readonly happened: boolean;
}

/**
 * Every trial whose time for an answer is over, with whether the success followed in time: about the same title where both
 * name one.
 */
async function readTask(
  tx: Transaction,
  { name, trial, success, withinHours }: TaskDefinition,
  cutAt: Date,
  { units, items, contexts, rules }: Numbers,
): Promise<TaskRows> {
  const [unit, item, label, context, at] = [indices(), signed(), indices(), signed(), floats()];
  await tx.query(
    `declare training_task no scroll cursor for
     select e.unit_id, coalesce(e.item_id, e.action_id) as item, e.at, (${contextSql(rules, 'd')})::text as context,
            exists (select from event s
                     where s.unit_id = e.unit_id and s.kind = 'outcome' and s.name = $2 and s.id <> e.id
                       and s.at >= e.at and s.at <= e.at + $4 * interval '1 hour'
                       and (coalesce(e.item_id, e.action_id) is null or coalesce(s.item_id, s.action_id) is null
                            or coalesce(e.item_id, e.action_id) = coalesce(s.item_id, s.action_id))) as happened
       from event e ${DECISION_OF_EVENT}
      where e.kind = 'outcome' and e.name = $1 and e.at < $3::timestamptz - $4 * interval '1 hour'
      order by e.at, e.id collate "C"`,
    [trial, success, cutAt, withinHours],
  );
  await eachRow<TaskEventRow>(tx, 'training_task', (row) => {
    unit.push(units.of(row.unit_id));
    item.push(row.item === null ? -1 : items.of(row.item));
    label.push(Number(row.happened));
    context.push(contexts.of(row.context));
    at.push(row.at.getTime());
  });
  return {
    name,
    unit: unit.done(),
    item: item.done(),
    label: Uint8Array.from(label.done()),
    at: at.done(),
    context: context.done(),
  };
}

/** As they were at the cut: what changed since was not known to anything that served before it. */
async function readItemFeatures(
  tx: Transaction,
  ids: readonly string[],
  cutAt: Date,
  rules: FeatureRules,
): Promise<Context[]> {
  const rows = await tx.query<{ id: string; features: Context }>(
    `select id, ${ITEM_FEATURES_AT('$2')} as features from item i where id = any($1)`,
    [ids, cutAt],
  );
  const features = new Map(rows.map((row) => [row.id, titleFeatures(rules, row.features)]));
  return ids.map((id) => features.get(id) ?? {});
}
