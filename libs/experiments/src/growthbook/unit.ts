import { hash, inNamespace, inRange } from '../hash.js';
import type { Json } from '../vocabulary.js';
import type { GrowthBookContext, GrowthBookFilter } from './payload.js';

export interface Hashed {
  readonly attribute: string;
  /** Empty where the unit has no such attribute. */
  readonly value: string;
}

const asId = (value: Json | undefined): string =>
  typeof value === 'string' || typeof value === 'number' || value === true ? String(value) : '';

const attributeOf = (context: GrowthBookContext, name: string): string =>
  context.attributes && Object.hasOwn(context.attributes, name) ? asId(context.attributes[name]) : '';

/** What is hashed: the attribute (`id` by default), or the fallback where it is empty. */
export function hashed(context: GrowthBookContext, attribute = 'id', fallback?: string): Hashed {
  const value = attributeOf(context, attribute);
  if (value !== '' || fallback === undefined) return { attribute, value };
  const instead = attributeOf(context, fallback);
  return instead === '' ? { attribute, value } : { attribute: fallback, value: instead };
}

/** True where a unit is outside any of the filters. */
export function isFilteredOut(context: GrowthBookContext, filters: readonly GrowthBookFilter[]): boolean {
  return filters.some(({ attribute, seed, hashVersion = 2, ranges }) => {
    const { value } = hashed(context, attribute);
    const n = value === '' ? null : hash(seed, value, hashVersion);
    return n === null || !ranges.some((range) => inRange(n, range));
  });
}

/** Filters where there are any; else the legacy namespace. */
export function isInLayers(
  context: GrowthBookContext,
  unit: Hashed,
  gates: {
    readonly filters?: readonly GrowthBookFilter[];
    readonly namespace?: readonly [id: string, from: number, to: number];
  },
): boolean {
  if (gates.filters) return !isFilteredOut(context, gates.filters);
  return gates.namespace === undefined || inNamespace(unit.value, gates.namespace);
}

/**
 * GrowthBook's `getQueryStringOverride`: the arm's index that a page's address asks for by `?<key>=<index>`.
 * @returns null where it asks for none, or for one that does not exist.
 */
export function queryStringOverride(key: string, url: string, arms: number): number | null {
  const search = url.split('?')[1];
  if (search === undefined) return null;
  const hashAt = search.indexOf('#');
  const pairs = (hashAt < 0 ? search : search.slice(0, hashAt)).split('&').map((pair) => pair.split('=', 2));
  const asked = pairs.find(([name]) => name === key);
  const index = asked ? parseInt(asked[1] ?? '', 10) : NaN;
  return index >= 0 && index < arms ? index : null;
}
