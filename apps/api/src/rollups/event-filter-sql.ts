import type { EventCondition, EventField, Measure, MetricDefinition } from '#metrics';
import type { Values } from './values.js';

/** Columns of `ev` that only filters read, each of an event `e`, of a decision `e` that was exposed by itself, and of none. */
const COLUMNS = {
  properties: ['e.properties', 'null::jsonb', 'null::jsonb'],
  item_id: ['e.item_id', 'null::text', 'null::text'],
  action_id: ['e.action_id', 'null::text', 'null::text'],
  position: ['e.position', 'null::integer', 'null::integer'],
  context: ['own.context', 'e.context', 'null::jsonb'],
  attributes: ['u.attributes', 'u.attributes', 'null::jsonb'],
  decided_at: ['own.at', 'e.at', 'null::timestamptz'],
} as const;
type ColumnName = keyof typeof COLUMNS;

const FIXED: Readonly<Record<string, readonly ColumnName[]>> = {
  value: [],
  position: ['position'],
  itemId: ['item_id'],
  actionId: ['action_id'],
  hour: ['properties', 'context'],
  device: ['properties', 'context', 'attributes'],
};

const columnsOfField = (field: EventField): readonly ColumnName[] =>
  FIXED[field] ?? (field.startsWith('property:') ? ['properties'] : ['context', 'attributes']);

function columnsOfMeasure(measure: Measure): ColumnName[] {
  return [
    ...(measure.where ?? []).flatMap(({ field }) => columnsOfField(field)),
    ...(measure.field?.startsWith('property:') ? (['properties'] as const) : []),
    ...(measure.withinHours === undefined ? [] : (['decided_at'] as const)),
  ];
}

/** What the filters of some metrics need besides the columns that `ev` always has. Empty texts where they need nothing. */
export function filterColumns(metrics: readonly MetricDefinition[]): {
  /** Further columns of `ev`, of an event, of a decision exposed by itself and of none; each begins with a comma. */
  readonly ofEvent: string;
  readonly ofDecision: string;
  /** The same of no event at all. */
  readonly ofNone: string;
  /** Further columns of `own` and of `u`. */
  readonly own: string;
  readonly unit: string;
} {
  const needed = new Set(
    metrics.flatMap(({ numerator, denominator, after }) => [
      ...columnsOfMeasure(numerator),
      ...(denominator ? columnsOfMeasure(denominator) : []),
      ...(after ?? []).flatMap((step) => (step.where ?? []).flatMap(({ field }) => columnsOfField(field))),
    ]),
  );
  const list = (side: 0 | 1 | 2): string =>
    [...needed].map((name) => `, ${COLUMNS[name][side]} as ${name}`).join('');
  return {
    ofEvent: list(0),
    ofDecision: list(1),
    ofNone: list(2),
    own: needed.has('context') ? ', d.context' : '',
    unit: needed.has('attributes') ? ', attributes' : '',
  };
}

/** A field as text, and as a number where it is one. */
interface FieldSql {
  readonly text: string;
  readonly number: string;
}

/** As for the value of an event: no number beyond this counts. Sums of their squares then stay finite. */
const LARGEST = '1e12';
/** What is nearer to 0 than a double can tell is 0; PostgreSQL takes such a number for an error. */
const SMALLEST = '1e-300';

/** An entry of a jsonb column; `name` is a placeholder. JSON allows numbers that no double can hold. */
function entryOf(column: string, name: string): FieldSql {
  const entry = `${column} -> ${name}`;
  const size = `abs((${entry})::numeric)`;
  // One case in another, since PostgreSQL may look at the sides of an "and" in any order.
  return {
    text: `${column} ->> ${name}`,
    number: `case when jsonb_typeof(${entry}) = 'number' then case when ${size} > ${LARGEST} then null when ${size} < ${SMALLEST} then 0 else (${column} ->> ${name})::double precision end end`,
  };
}

const firstOf = (...fields: readonly FieldSql[]): FieldSql => ({
  text: `coalesce(${fields.map(({ text }) => text).join(', ')})`,
  number: `coalesce(${fields.map(({ number }) => number).join(', ')})`,
});

const column = (sql: string): FieldSql => ({ text: `${sql}::text`, number: sql });

function fieldSql(field: EventField, values: Values): FieldSql {
  if (field === 'value') return column('ev.value');
  if (field === 'position') return column('ev.position');
  if (field === 'itemId') return { text: 'ev.item_id', number: 'null::double precision' };
  if (field === 'actionId') return { text: 'ev.action_id', number: 'null::double precision' };
  const colon = field.indexOf(':');
  const name = `${values.add(colon === -1 ? field : field.slice(colon + 1))}::text`;
  const [property, context, attribute] = ['ev.properties', 'ev.context', 'ev.attributes'].map((of) =>
    entryOf(of, name),
  ) as [FieldSql, FieldSql, FieldSql];
  if (field === 'hour')
    return firstOf(
      property,
      context,
      column(`extract(hour from ev.at at time zone 'UTC')::double precision`),
    );
  if (field === 'device') return firstOf(property, context, attribute);
  return field.startsWith('property:') ? property : firstOf(context, attribute);
}

const ORDER = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;

const textOf = (value: unknown): string => String(value);

/** One condition as SQL that is true or false, never null. Every text of it travels as a bound value. */
export function conditionSql({ field, op, value }: EventCondition, values: Values): string {
  const sql = fieldSql(field, values);
  const list = (Array.isArray(value) ? value : [value]) as readonly unknown[];
  // Values that are added must be used, so each only where it is.
  const oneOf = (): string =>
    list.every((one) => typeof one === 'number')
      ? `${sql.number} = any(${values.add([...list], 'doubles')}::double precision[])`
      : `${sql.text} = any(${values.add(list.map(textOf))}::text[])`;
  switch (op) {
    case 'exists':
      return `(${sql.text}) is not null`;
    case 'notExists':
      return `(${sql.text}) is null`;
    case 'eq':
    case 'in':
      return `coalesce(${oneOf()}, false)`;
    case 'ne':
    case 'notIn':
      return `not coalesce(${oneOf()}, false)`;
    default:
      return `coalesce(${sql.number} ${ORDER[op]} ${values.add(value, 'double')}::double precision, false)`;
  }
}

/** The field that a sum adds up. */
export function summand(measure: Measure, values: Values): string {
  return measure.field === undefined ? 'ev.value' : fieldSql(measure.field, values).number;
}
