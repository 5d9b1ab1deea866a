import type { Json } from '../../vocabulary.js';
import { keyOf } from './report.js';
import type { ImportNote } from './report.js';
import type { ExportedMetric } from './shapes.js';

const OUTCOME = /^[a-z][a-z0-9_.-]{0,63}$/;

type Kind = { readonly kind: string; readonly fold: string; readonly measuredIn: string };
/** What a type of GrowthBook's is here: of every unit, over all of its time in the experiment. */
const KINDS: Readonly<Record<string, Kind>> = {
  binomial: { kind: 'proportion', fold: 'any', measuredIn: 'share' },
  count: { kind: 'count', fold: 'count', measuredIn: 'count' },
  revenue: { kind: 'sum', fold: 'sum', measuredIn: 'number' },
  duration: { kind: 'sum', fold: 'sum', measuredIn: 'number' },
};

/** A metric on events by name. One in SQL asks a warehouse, which is not read here. */
export function importMetric(
  { id, name, description, type, archived, behavior, mixpanel }: ExportedMetric,
  given: string | undefined,
): { readonly note: ImportNote; readonly metric?: Json; readonly key?: string } {
  const about = { kind: 'metric', id, name } as const;
  const skip = (reason: string) => ({
    note: { ...about, outcome: 'skipped', to: null, notes: [reason] } as const,
  });
  if (given !== undefined)
    return {
      key: given,
      note: { ...about, outcome: 'mapped', to: `metric/${given}`, notes: ['As you named it.'] },
    };
  if (archived) return skip('It is archived.');
  const how = KINDS[type];
  if (!mixpanel || mixpanel.eventName === '')
    return skip('It is made by SQL, which is not read here. Name the metric that takes its place.');
  if (!how || mixpanel.conditions.length > 0 || !OUTCOME.test(mixpanel.eventName))
    return skip(
      `It counts "${mixpanel.eventName}" in a way that has no counterpart: outcomes have lower-case names, and conditions are not read.`,
    );
  const key = keyOf(name || id).toLowerCase();
  const value = how.fold === 'sum' ? { field: 'value' } : {};
  return {
    key,
    note: {
      ...about,
      outcome: 'mapped',
      to: `metric/${key}`,
      notes: ['Windows, caps and priors are not taken over: look at them once.'],
    },
    metric: {
      key,
      title: name || key,
      description,
      measuredIn: how.measuredIn,
      betterWhen: behavior.goal === 'decrease' ? 'lower' : 'higher',
      family: 'engagement',
      kind: how.kind,
      numerator: { events: [mixpanel.eventName], fold: how.fold, scope: 'unit', ...value },
    },
  };
}
