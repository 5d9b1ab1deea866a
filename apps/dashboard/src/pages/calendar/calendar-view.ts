import type { Booking, Calendar, Clash, ClashReason } from '../../api/lifecycle.js';
import { useUrlParams } from '../../ui/url-state.js';

export const REASON: Record<ClashReason, string> = {
  'same-units': 'Same units',
  'layer-full': 'Layer full',
  'layer-unit': 'Other unit in the layer',
  'same-metric': 'Same metric',
};

const DAY_MS = 86_400_000;
export const SPANS = [
  { value: '4', label: '4 weeks each way' },
  { value: '12', label: '12 weeks each way' },
  { value: '26', label: 'Half a year each way' },
];
export type Grouping = 'surface' | 'layer';

/** What of the calendar is looked at; all of it stands in the address. */
export interface CalendarChoice {
  surface: string;
  layer: string;
  /** Only this experiment and what is in its way. */
  experiment: string;
  reason: string;
  weeks: string;
  drafts: boolean;
  group: Grouping;
}

export function useCalendarChoice(): [
  CalendarChoice,
  (name: keyof CalendarChoice, value: string | null) => void,
] {
  const [params, set] = useUrlParams();
  const one = (name: string): string => params.get(name) ?? '';
  const weeks = SPANS.some(({ value }) => value === one('weeks')) ? one('weeks') : '4';
  const choice: CalendarChoice = {
    ...{ surface: one('surface'), layer: one('layer'), experiment: one('experiment'), reason: one('reason') },
    ...{ weeks, drafts: one('drafts') === 'yes', group: one('group') === 'layer' ? 'layer' : 'surface' },
  };
  return [choice, set];
}

/** The span that is asked for: whole days, so that the same page asks the same question. */
export function spanOf({ weeks }: CalendarChoice): { from: string; to: string } {
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const around = Number(weeks) * 7 * DAY_MS;
  return { from: new Date(today - around).toISOString(), to: new Date(today + around).toISOString() };
}

/** Clashes of an experiment, with the other one of each. */
export const clashesWith = (key: string, clashes: readonly Clash[]): { other: string; clash: Clash }[] =>
  clashes.flatMap((clash) =>
    clash.experiments.includes(key)
      ? [{ clash, other: clash.experiments.find((one) => one !== key) ?? key }]
      : [],
  );

const inLayer = (layer: string, item: Booking): boolean => item.layers.some((one) => one.layer === layer);

/** Of every kind. */
export const EVERY_KIND = 'all';

/** What keeps an experiment from its units, unless a kind is asked for: most experiments share their metric with others. */
function ofKind(clashes: readonly Clash[], kind: string): readonly Clash[] {
  if (kind === EVERY_KIND) return clashes;
  return clashes.filter(({ reason }) => (kind === '' ? reason !== 'same-metric' : reason === kind));
}

/** Rows and clashes that the choice leaves. */
export function chosen(calendar: Calendar, choice: CalendarChoice): { items: Booking[]; clashes: Clash[] } {
  const reasons = ofKind(calendar.clashes, choice.reason);
  const near = new Set(clashesWith(choice.experiment, reasons).map(({ other }) => other));
  const items = calendar.items.filter(
    (item) =>
      (choice.surface === '' || item.surface === choice.surface) &&
      (choice.layer === '' || inLayer(choice.layer, item)) &&
      (choice.experiment === '' || item.key === choice.experiment || near.has(item.key)) &&
      (choice.reason === '' || choice.reason === EVERY_KIND || clashesWith(item.key, reasons).length > 0),
  );
  const shown = new Set(items.map(({ key }) => key));
  const clashes = reasons.filter(
    ({ experiments }) =>
      experiments.every((key) => shown.has(key)) &&
      (choice.experiment === '' || experiments.includes(choice.experiment)),
  );
  return { items, clashes };
}

/** Rows under their surface or layer; one that is in two layers stands under both. */
export function grouped(items: readonly Booking[], group: Grouping): [string, Booking[]][] {
  const groups = new Map<string, Booking[]>();
  for (const item of items) {
    const names = group === 'surface' ? [item.surface] : item.layers.map(({ layer }) => layer);
    for (const name of names) groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return [...groups].sort(([a], [b]) => a.localeCompare(b));
}

export const layersOf = ({ layers }: Booking): string =>
  layers
    .map(({ layer, range: [from, to] }) => `${layer} ${(from * 100).toFixed(0)} to ${(to * 100).toFixed(0)}%`)
    .join(' and ');
