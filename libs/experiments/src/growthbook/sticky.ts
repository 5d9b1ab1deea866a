import type { GrowthBookContext, GrowthBookExperiment, StickyDocument } from './payload.js';
import { hashed } from './unit.js';

const NONE = { variation: -1, blocked: false } as const;

/** Assignments of the fallback attribute's document, overridden by those of the hash attribute's. */
function assignmentsOf(
  context: GrowthBookContext,
  experiment: GrowthBookExperiment,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const attribute of [experiment.fallbackAttribute, experiment.hashAttribute ?? 'id']) {
    if (attribute === undefined) continue;
    const { value } = hashed(context, attribute);
    const document = value === '' ? undefined : context.sticky?.get(documentKey(attribute, value));
    for (const [key, variation] of Object.entries(document?.assignments ?? {})) found.set(key, variation);
  }
  return found;
}

const documentKey = (attribute: string, value: string): string => `${attribute}||${value}`;
const assignmentKey = (experiment: GrowthBookExperiment): string =>
  `${experiment.key}__${experiment.bucketVersion ?? 0}`;

/** Whether an experiment keeps what it assigned. */
export const isSticky = (context: GrowthBookContext, experiment: GrowthBookExperiment): boolean =>
  context.sticky !== undefined && experiment.disableStickyBucketing !== true;

/**
 * The variation that the unit was given before under this bucket version; -1 where there is none.
 * `blocked`: it was assigned under a version below `minBucketVersion`, and is out.
 */
export function storedVariation(
  context: GrowthBookContext,
  experiment: GrowthBookExperiment,
): { readonly variation: number; readonly blocked: boolean } {
  if (!isSticky(context, experiment)) return NONE;
  const assignments = assignmentsOf(context, experiment);
  const prefix = `${experiment.key}__`;
  for (const key of assignments.keys()) {
    const version = key.startsWith(prefix) ? Number(key.slice(prefix.length)) : NaN;
    if (version >= 0 && version < (experiment.minBucketVersion ?? 0)) return { variation: -1, blocked: true };
  }
  const stored = assignments.get(assignmentKey(experiment));
  if (stored === undefined) return NONE;
  return { variation: (experiment.meta ?? []).findIndex(({ key }) => key === stored), blocked: false };
}

/** Keeps an assignment under the attribute that it was made for. */
export function keepVariation(
  context: GrowthBookContext,
  experiment: GrowthBookExperiment,
  unit: { readonly attribute: string; readonly value: string },
  variation: string,
): void {
  if (!context.sticky || !isSticky(context, experiment)) return;
  const key = documentKey(unit.attribute, unit.value);
  const known: StickyDocument | undefined = context.sticky.get(key);
  context.sticky.set(key, {
    attributeName: unit.attribute,
    attributeValue: unit.value,
    assignments: { ...known?.assignments, [assignmentKey(experiment)]: variation },
  });
}
