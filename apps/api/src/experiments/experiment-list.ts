import { z } from 'zod';
import { keyField, limitField, textField } from '../http/fields.js';
import type { Sql } from '../persistence/database.js';

const STATES = ['draft', 'scheduled', 'running', 'paused', 'stopped', 'shipped', 'archived'] as const;
/** Policy kind of an experiment without policies. */
const FIXED = 'fixed';
const state = `(?:${STATES.join('|')})`;

/** What a list may be narrowed to, and its order; also what a saved view keeps. */
export const listFields = {
  text: textField(200).describe('Words that the title, key, hypothesis or a tag contains'),
  status: z
    .string()
    .regex(
      new RegExp(`^${state}(?:,${state})*$`),
      `must be states with commas between: ${STATES.join(', ')}`,
    ),
  surface: keyField,
  layer: keyField.describe('Its layer, or a further one'),
  tag: textField(50),
  owner: textField(200),
  metric: keyField.describe('As decision metric, secondary metric or guardrail'),
  policyKind: keyField.describe(`Kind of policy that an arm is decided by; "${FIXED}": none`),
  unitType: keyField,
  managed: z
    .enum(['files', 'hand'])
    .describe('Where its design is changed: in configuration files, or by hand'),
  sort: z.enum(['created', 'updated', 'started', 'title', 'state', 'units']),
  order: z.enum(['usual', 'reversed']).describe('usual: newest, most and first letters first'),
};
type Filters = z.output<z.ZodObject<typeof listFields>>;
type Sort = Filters['sort'];

export const listExperimentsSchema = z.strictObject(listFields).partial().extend({
  limit: limitField,
  /** Key of the last row of the page before. */
  cursor: keyField.optional(),
});
export type ListExperiments = z.output<typeof listExperimentsSchema>;

const metricsOf = (a: string): string =>
  `array_remove(array[${a}.decision_metric] || ${a}.secondary_metrics || ${a}.guardrail_metrics, null)`;

const kindsOf = (a: string): string =>
  `array(select distinct p.key from jsonb_array_elements(${a}.arms) arm
           join policy p on p.id = arm -> 'treatment' ->> 'policyId')`;

const layersOf = (a: string): string =>
  `array[${a}.layer] || array(select other ->> 'layer' from jsonb_array_elements(${a}.other_layers) other)`;

const managedOf = (a: string): string =>
  `case when exists (select 1 from managed_resource m where m.kind = 'experiment' and m.key = ${a}.key)
     then 'files' else 'hand' end`;

const newestFirst = (time: string): string => `-coalesce(extract(epoch from ${time}), 0)`;

/** Expressions that rows of an alias are put in rising order by. */
const SORTS: Record<Sort, (a: string) => string[]> = {
  created: (a) => [newestFirst(`${a}.created_at`)],
  updated: (a) => [newestFirst(`${a}.updated_at`)],
  started: (a) => [newestFirst(`${a}.started_at`)],
  title: (a) => [`lower(${a}.title)`],
  state: (a) => [
    `array_position(array['running', 'paused', 'scheduled', 'draft', 'stopped', 'shipped', 'archived'], ${a}.status)`,
    newestFirst(`coalesce(${a}.started_at, ${a}.updated_at)`),
  ],
  units: (a) => [`-coalesce((${a}.summary ->> 'units')::bigint, 0)`],
};

type Value = string | number | readonly string[];

/** Condition of the rows that match, with its parameters. */
function conditionOf(query: ListExperiments): { where: string; values: Value[] } {
  const values: Value[] = [];
  const parts: string[] = [];
  const add = (value: Value | undefined, part: (parameter: string) => string): void => {
    if (value === undefined || value === '') return;
    values.push(value);
    parts.push(part(`$${values.length}`));
  };
  add(query.status?.split(','), (p) => `e.status = any(${p})`);
  add(query.surface, (p) => `e.surface = ${p}`);
  add(query.layer, (p) => `${p} = any(${layersOf('e')})`);
  add(query.tag, (p) => `${p} = any(e.tags)`);
  add(query.owner, (p) => `e.owner = ${p}`);
  add(query.metric, (p) => `${p} = any(${metricsOf('e')})`);
  add(query.unitType, (p) => `e.unit_type = ${p}`);
  add(query.managed, (p) => `${managedOf('e')} = ${p}`);
  if (query.policyKind === FIXED) parts.push(`cardinality(${kindsOf('e')}) = 0`);
  else add(query.policyKind, (p) => `${p} = any(${kindsOf('e')})`);
  for (const word of (query.text ?? '').toLowerCase().split(/\s+/))
    add(
      word,
      (p) =>
        `position(${p} in lower(e.title || ' ' || e.key || ' ' || array_to_string(e.tags, ' ') || ' ' || e.hypothesis)) > 0`,
    );
  return { where: parts.length === 0 ? 'true' : parts.join(' and '), values };
}

/** Keys of one page, in order, and how many experiments match. */
export async function listKeys(db: Sql, query: ListExperiments): Promise<{ keys: string[]; total: number }> {
  const { where, values } = conditionOf(query);
  const [count] = await db.query<{ total: number }>(
    `select count(*)::int as total from experiment e where ${where}`,
    [...values],
  );
  const order = (a: string): string[] => [...SORTS[query.sort ?? 'created'](a), `${a}.key`];
  const [than, way] = query.order === 'reversed' ? ['<', 'desc'] : ['>', 'asc'];
  const page = [...values];
  let after = 'true';
  if (query.cursor !== undefined) {
    page.push(query.cursor);
    after = `(${order('e').join(', ')}) ${than} (select ${order('c').join(', ')} from experiment c where c.key = $${page.length})`;
  }
  page.push(query.limit);
  const rows = await db.query<{ key: string }>(
    `select e.key from experiment e where ${where} and ${after}
      order by ${order('e')
        .map((expression) => `${expression} ${way}`)
        .join(', ')} limit $${page.length}`,
    page,
  );
  return { keys: rows.map(({ key }) => key), total: count?.total ?? 0 };
}

interface FacetRow extends Record<string, unknown> {
  readonly status: string[];
  readonly surface: string[];
  readonly layer: string[];
  readonly tag: string[];
  readonly owner: string[];
  readonly metric: string[];
  readonly policyKind: string[];
  readonly unitType: string[];
  readonly managed: string[];
}

/** A value that experiments have in a field, and how many of them. */
export interface Facet {
  readonly value: string;
  readonly count: number;
}

/** What each filter can be set to. */
export async function listFacets(db: Sql): Promise<Record<keyof FacetRow & string, Facet[]>> {
  const rows = await db.query<FacetRow>(
    `select array[e.status] as status, array[e.surface] as surface, ${layersOf('e')} as layer, e.tags as tag,
            array_remove(array[e.owner], '') as owner, ${metricsOf('e')} as metric,
            coalesce(nullif(${kindsOf('e')}, '{}'), array['${FIXED}']) as "policyKind", array[e.unit_type] as "unitType",
            array[${managedOf('e')}] as managed
       from experiment e`,
  );
  const fields = [
    ...(['status', 'surface', 'layer', 'tag', 'owner'] as const),
    ...(['metric', 'policyKind', 'unitType', 'managed'] as const),
  ];
  return Object.fromEntries(
    fields.map((field) => {
      const counts = new Map<string, number>();
      for (const row of rows)
        for (const value of new Set(row[field])) counts.set(value, (counts.get(value) ?? 0) + 1);
      const facets = [...counts].map(([value, count]) => ({ value, count }));
      return [field, facets.sort((a, b) => (a.value < b.value ? -1 : 1))];
    }),
  );
}
