import type { Context, Json } from '#experiments';
import { allowedBy } from '#policies';
import type { Action, DecisionRequest } from '#policies';
import type { ServingCatalog } from './catalog-data.js';

/** The features and attributes by their usual names; see `hard-filters`. */
const FILTER = 'hard-filters';
const STANDARD: Json = { wrappers: [{ key: FILTER, params: {} }] };
const FEATURES = ['availableFrom', 'availableUntil', 'countries', 'maturity'];

/** Lists of candidates are shared between requests: each is looked through once. */
const limited = new WeakMap<readonly Action[], boolean>();
const bySurface = new WeakMap<ServingCatalog, Map<string, readonly Json[]>>();

function hasLimits(actions: readonly Action[]): boolean {
  const known = limited.get(actions);
  if (known !== undefined) return known;
  const found = actions.some(({ features }) => FEATURES.some((name) => Object.hasOwn(features, name)));
  if (Object.isFrozen(actions)) limited.set(actions, found);
  return found;
}

/** Of a policy's wrappers those that say what may be shown; how often a member is contacted is the policy's own matter. */
function filtersOf(params: unknown): Json[] {
  const worn = (params as { readonly wrappers?: unknown } | null | undefined)?.wrappers;
  const filters = Array.isArray(worn)
    ? (worn as readonly { readonly key?: unknown }[]).filter(({ key }) => key === FILTER)
    : [];
  return filters.length === 0 ? [] : [{ wrappers: filters as unknown as Json }];
}

/** Filters of the policies that experiments serve on a surface: limits under names of their own hold there too. */
function policiesOn(catalog: ServingCatalog, surface: string): readonly Json[] {
  const surfaces = bySurface.get(catalog) ?? new Map<string, readonly Json[]>();
  bySurface.set(catalog, surfaces);
  const known = surfaces.get(surface);
  if (known) return known;
  const params = catalog.config.experiments
    .filter((experiment) => experiment.surface === surface)
    .flatMap(({ arms }) => arms)
    .flatMap(({ treatment }) => (treatment.kind === 'policy' ? [treatment.policyId] : []))
    .flatMap((id) => filtersOf(catalog.policies.get(id)?.params));
  surfaces.set(surface, params);
  return params;
}

/**
 * What may be shown where no policy decides: the default order, fixed arms, the kill switch. Titles that are not available
 * now, not licensed here or rated above what the member may see are left out there as well.
 * @param said all that the client said, whether or not policies may be told of it.
 * @returns 1 for each candidate that may be shown; null where nothing limits.
 */
export function standardLimits(
  catalog: ServingCatalog,
  surface: string,
  request: DecisionRequest,
  said: Context,
): Uint8Array | null {
  const asked = { ...request, context: said };
  let open = hasLimits(request.actions) ? allowedBy(STANDARD, asked) : null;
  for (const params of policiesOn(catalog, surface)) open = bothOf(open, allowedBy(params, asked));
  return open;
}

/** What both let through. */
export function bothOf(a: Uint8Array | null, b: Uint8Array | null): Uint8Array | null {
  if (a === null || b === null) return a ?? b;
  return a.map((open, i) => open & (b[i] ?? 0));
}
