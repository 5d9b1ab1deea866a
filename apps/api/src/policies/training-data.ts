import type { Context } from '#experiments';
import type { TrainingSet } from '#policies';
import type { Transaction } from '../persistence/database.js';
import { worthOf } from './reward.js';
import type { RewardDefinition } from './reward.js';

/** Rows that one fetch brings into memory. */
const FETCH = 20_000;

/** A growing column of numbers: twice the size whenever it is full. */
class Column<A extends Float64Array | Uint32Array> {
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

/** Numbers texts in order of first appearance. */
class Numbering {
  readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();

  of(name: string): number {
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.names.length;
      this.names.push(name);
      this.numbers.set(name, number);
    }
    return number;
  }
}

interface OutcomeRow {
  readonly unit_id: string;
  readonly item: string;
  readonly name: string;
  readonly value: number | null;
  readonly at: Date;
}

/**
 * Streams a dated cut of outcomes into a training set: every counting outcome that names an item (else an action)
 * and is worth more than nothing is one row of positive feedback. In order of time, then event id, so that the same
 * cut gives the same bytes.
 * @param definition which outcomes count, and how much each is worth.
 * @param cutAt outcomes before this time count.
 */
export async function readTrainingSet(
  tx: Transaction,
  definition: RewardDefinition,
  cutAt: Date,
): Promise<TrainingSet> {
  const units = new Numbering();
  const items = new Numbering();
  const [unit, item, value, at] = [indices(), indices(), floats(), floats()];
  await tx.query(
    `declare training_data no scroll cursor for
     select unit_id, coalesce(item_id, action_id) as item, name, value, at from event
     where kind = 'outcome' and name = any($1) and at < $2 and coalesce(item_id, action_id) is not null
     order by at, id collate "C"`,
    [[...new Set(definition.outcomes.map((outcome) => outcome.name))], cutAt],
  );
  for (;;) {
    const rows = await tx.query<OutcomeRow & Record<string, unknown>>(`fetch ${FETCH} from training_data`);
    for (const row of rows) {
      const worth = worthOf(definition, row.name, row.value);
      if (worth === null || worth <= 0) continue;
      unit.push(units.of(row.unit_id));
      item.push(items.of(row.item));
      value.push(worth);
      at.push(row.at.getTime());
    }
    if (rows.length < FETCH) break;
  }
  await tx.query('close training_data');
  return {
    units: units.names,
    items: items.names,
    unit: unit.done(),
    item: item.done(),
    value: value.done(),
    at: at.done(),
    itemFeatures: await readItemFeatures(tx, items.names),
  };
}

async function readItemFeatures(tx: Transaction, ids: readonly string[]): Promise<Context[]> {
  const rows = await tx.query<{ id: string; features: Context }>(
    `select id, features from item where id = any($1)`,
    [ids],
  );
  const features = new Map(rows.map((row) => [row.id, row.features]));
  return ids.map((id) => features.get(id) ?? {});
}
