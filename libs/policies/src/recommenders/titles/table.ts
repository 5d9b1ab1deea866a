import { DomainError } from '#experiments';
import type { Context, Json } from '#experiments';
import { decodeFloats, encodeFloats, stateObject, stateText, stateTexts } from '../../codec.js';
import { eachAttribute } from './attributes.js';
import type { AttributeRules } from './attributes.js';

/** A sparse vector over attributes. */
export interface SparseVector {
  readonly columns: Uint32Array;
  readonly values: Float64Array;
}

/** The attributes that count, and which known title has which. */
export interface TitleTable {
  readonly items: readonly string[];
  readonly names: readonly string[];
  /** Of each attribute, its place in `relations`. */
  readonly relation: Uint32Array;
  readonly relations: readonly string[];
  /** Titles that have the attribute. */
  readonly titles: Uint32Array;
  /** Title i has columns[start[i] .. start[i + 1]), each as often as `counts` says. */
  readonly start: Uint32Array;
  readonly columns: Uint32Array;
  readonly counts: Float64Array;
}

interface Found {
  readonly relation: string;
  titles: number;
  column: number;
}

/** Every attribute of every title, and those that enough titles have, the most frequent first. */
function vocabulary(
  features: readonly Context[],
  rules: AttributeRules,
): { found: Map<string, Found>; kept: [string, Found][] } {
  const found = new Map<string, Found>();
  for (const title of features) {
    const seen = new Set<string>();
    eachAttribute(title, rules, (relation, name) => {
      if (seen.has(name)) return;
      seen.add(name);
      const entry = found.get(name);
      if (entry === undefined) found.set(name, { relation, titles: 1, column: -1 });
      else entry.titles++;
    });
  }
  const kept = [...found]
    .filter(([, entry]) => entry.titles >= rules.leastTitles)
    .sort(([a, x], [b, y]) => y.titles - x.titles || (a < b ? -1 : 1))
    .slice(0, rules.maxAttributes);
  kept.forEach(([, entry], column) => (entry.column = column));
  return { found, kept };
}

/** Sorted columns and counts of one title; attributes that do not count are left out. */
function attributesOf(
  features: Context,
  rules: AttributeRules,
  column: (name: string) => number,
): SparseVector {
  const counts = new Map<number, number>();
  eachAttribute(features, rules, (_relation, name, count) => {
    const c = column(name);
    if (c >= 0) counts.set(c, count);
  });
  const columns = Uint32Array.from(counts.keys()).sort();
  return { columns, values: Float64Array.from(columns, (c) => counts.get(c) as number) };
}

/** Reads what the titles are from their features. */
export function buildTable(
  items: readonly string[],
  features: readonly Context[],
  rules: AttributeRules,
): TitleTable {
  const { found, kept } = vocabulary(features, rules);
  const relations = [...new Set(kept.map(([, entry]) => entry.relation))].sort();
  const rows = items.map((_, i) =>
    attributesOf(features[i] ?? {}, rules, (name) => found.get(name)?.column ?? -1),
  );
  const start = new Uint32Array(items.length + 1);
  rows.forEach((row, i) => (start[i + 1] = (start[i] as number) + row.columns.length));
  const columns = new Uint32Array(start[items.length] as number);
  const counts = new Float64Array(columns.length);
  rows.forEach((row, i) => {
    columns.set(row.columns, start[i]);
    counts.set(row.values, start[i]);
  });
  return {
    items: [...items],
    names: kept.map(([name]) => name),
    relation: Uint32Array.from(kept, ([, entry]) => relations.indexOf(entry.relation)),
    relations,
    titles: Uint32Array.from(kept, ([, entry]) => entry.titles),
    start,
    columns,
    counts,
  };
}

/** How much an attribute says: ln((1 + titles) / (1 + titles that have it)). */
export function inverseFrequencies(table: TitleTable): Float64Array {
  return Float64Array.from(table.titles, (titles) => Math.log((1 + table.items.length) / (1 + titles)));
}

/** Finds the attributes of any title, known or new. */
export class TitleReader {
  private readonly position: ReadonlyMap<string, number>;
  private readonly column: ReadonlyMap<string, number>;
  private readonly rows: (SparseVector | undefined)[];

  constructor(
    private readonly table: TitleTable,
    private readonly rules: AttributeRules,
  ) {
    this.position = new Map(table.items.map((id, i) => [id, i]));
    this.column = new Map(table.names.map((name, c) => [name, c]));
    this.rows = new Array<SparseVector | undefined>(table.items.length).fill(undefined);
  }

  /** The title's row in the table; undefined when training has not met it. */
  indexOf(id: string): number | undefined {
    return this.position.get(id);
  }

  /** A known title's attributes; made once, then kept, since a request asks for hundreds. */
  known(index: number): SparseVector {
    const made = this.rows[index];
    if (made !== undefined) return made;
    const { start, columns, counts } = this.table;
    const row = {
      columns: columns.subarray(start[index], start[index + 1]),
      values: counts.subarray(start[index], start[index + 1]),
    };
    this.rows[index] = row;
    return row;
  }

  /** Attributes of a title that training has not met, from the features that came with it. */
  fresh(features: Context): SparseVector {
    return attributesOf(features, this.rules, (name) => this.column.get(name) ?? -1);
  }

  /** What is known of a title: by training, or, where that knew nothing, by the features that come with it. */
  attributes(id: string, features: Context): SparseVector {
    const index = this.position.get(id);
    const known = index === undefined ? undefined : this.known(index);
    return known !== undefined && known.columns.length > 0 ? known : this.fresh(features);
  }
}

/** TF-IDF of the counts, scaled to length 1; of no attributes the zero vector. */
export function normalised(row: SparseVector, idf: Float64Array): SparseVector {
  const values = row.values.map((count, k) => count * (idf[row.columns[k] as number] as number));
  const length = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
  return { columns: row.columns, values: length > 0 ? values.map((v) => v / length) : values };
}

/** The normalised rows of all known titles. */
export function normalisedRows(table: TitleTable, reader: TitleReader): SparseVector[] {
  const idf = inverseFrequencies(table);
  return table.items.map((_, i) => normalised(reader.known(i), idf));
}

const asFloats = (values: Uint32Array): string => encodeFloats(Float64Array.from(values));
const asIntegers = (text: string): Uint32Array => Uint32Array.from(decodeFloats(text));

export function encodeTable(table: TitleTable): Json {
  return {
    items: [...table.items],
    names: [...table.names],
    relation: asFloats(table.relation),
    relations: [...table.relations],
    titles: asFloats(table.titles),
    start: asFloats(table.start),
    columns: asFloats(table.columns),
    counts: encodeFloats(table.counts),
  };
}

/** @throws DomainError `invalid_state` when the parts do not fit together. */
export function decodeTable(json: Json | undefined): TitleTable {
  const stored = stateObject(json ?? null);
  const integers = (field: string): Uint32Array => asIntegers(stateText(stored[field], field));
  const table: TitleTable = {
    items: stateTexts(stored['items'], 'items'),
    names: stateTexts(stored['names'], 'names'),
    relation: integers('relation'),
    relations: stateTexts(stored['relations'], 'relations'),
    titles: integers('titles'),
    start: integers('start'),
    columns: integers('columns'),
    counts: decodeFloats(stateText(stored['counts'], 'counts')),
  };
  const fits =
    table.start.length === table.items.length + 1 &&
    table.start[table.items.length] === table.columns.length &&
    table.counts.length === table.columns.length &&
    table.titles.length === table.names.length &&
    table.relation.length === table.names.length &&
    table.columns.every((column) => column < table.names.length);
  if (!fits) throw new DomainError('invalid_state', 'the attributes do not fit the titles', '/columns');
  return table;
}
