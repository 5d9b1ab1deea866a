import type { MeasuredIn } from '../../api/types.js';
import type {
  EventCondition,
  EventSelection,
  Fold,
  Measure,
  MetricBody,
  MetricKind,
} from '../../api/types-metrics.js';
import { slug } from '../../format/slug.js';

export interface ConditionDraft {
  /** Stays the same while it is edited; React's key. */
  id: number;
  field: string;
  op: string;
  text: string;
  list: string[];
}

export interface SelectionDraft {
  id: number;
  events: string[];
  where: ConditionDraft[];
}

export interface MeasureDraft extends SelectionDraft {
  fold: Fold;
  field: string;
  scope: 'decision' | 'unit';
  from: number | null;
  to: number | null;
  withinHours: number | null;
  divideBy: number | null;
}

/** What the form holds: percentages as they are typed, parts of other kinds kept while the kind is changed. */
export interface MetricDraft {
  key: string;
  title: string;
  description: string;
  measuredIn: MeasuredIn;
  betterWhen: 'higher' | 'lower';
  family: string;
  kind: MetricKind;
  numerator: MeasureDraft;
  denominator: MeasureDraft;
  after: SelectionDraft[];
  quantile: number | null;
  retention: 'day' | 'rolling' | 'window';
  cap: 'none' | 'atMost' | 'quantile';
  capValue: number | null;
  maturityDays: number;
  covariateDays: number | null;
  minimumLift: number | null;
  guardrailMargin: number | null;
}

/** How each kind can fold the events of a unit; the first is what it begins with. */
export const FOLDS: Readonly<Record<MetricKind, readonly Fold[]>> = {
  count: ['count', 'distinct-days', 'exposures'],
  sum: ['sum'],
  mean: ['count', 'sum', 'any', 'distinct-days', 'exposures'],
  proportion: ['any'],
  ratio: ['count', 'sum', 'any', 'distinct-days', 'exposures'],
  quantile: ['sum', 'count', 'distinct-days', 'exposures'],
  retention: ['any'],
  'time-to-event': ['first'],
  funnel: ['any'],
};

export const KINDS_WITH_COVARIATE: ReadonlySet<MetricKind> = new Set([
  'count',
  'sum',
  'mean',
  'proportion',
  'ratio',
]);
export const KINDS_WITH_CAP: ReadonlySet<MetricKind> = new Set(['count', 'sum', 'mean']);

let lastId = 0;
export const nextId = (): number => ++lastId;

export const emptySelection = (): SelectionDraft => ({ id: nextId(), events: [], where: [] });

export const emptyCondition = (): ConditionDraft => ({
  id: nextId(),
  field: 'device',
  op: 'eq',
  text: '',
  list: [],
});

const emptyMeasure = (fold: Fold): MeasureDraft => ({
  ...emptySelection(),
  fold,
  field: '',
  scope: 'unit',
  from: null,
  to: null,
  withinHours: null,
  divideBy: null,
});

export const emptyMetric = (): MetricDraft => ({
  key: '',
  title: '',
  description: '',
  measuredIn: 'count',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'count',
  numerator: emptyMeasure('count'),
  denominator: emptyMeasure('count'),
  after: [emptySelection()],
  quantile: 90,
  retention: 'day',
  cap: 'none',
  capValue: null,
  maturityDays: 0,
  covariateDays: null,
  minimumLift: null,
  guardrailMargin: null,
});

/** A change of kind keeps what still fits. */
export function withKind(draft: MetricDraft, kind: MetricKind): MetricDraft {
  const folds = FOLDS[kind];
  const fold = folds.includes(draft.numerator.fold) ? draft.numerator.fold : (folds[0] ?? 'count');
  return { ...draft, kind, numerator: { ...draft.numerator, fold } };
}

/** `5`, `true` and `tv` as they are; a text in quotes stays a text. */
export function valueOf(text: string): string | number | boolean {
  const trimmed = text.trim();
  if (/^".*"$/.test(trimmed)) return trimmed.slice(1, -1);
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}

const textOf = (value: unknown): string =>
  typeof value === 'string' && typeof valueOf(value) !== 'string' ? `"${value}"` : String(value);

export const takesNothing = (op: string): boolean => op === 'exists' || op === 'notExists';
export const takesList = (op: string): boolean => op === 'in' || op === 'notIn';

function conditionOf({ field, op, text, list }: ConditionDraft): EventCondition {
  if (takesNothing(op)) return { field, op };
  if (!takesList(op)) return { field, op, value: valueOf(text) };
  return { field, op, value: list.map(valueOf).map((one) => (typeof one === 'boolean' ? String(one) : one)) };
}

const selectionOf = ({ events, where }: SelectionDraft): EventSelection => ({
  events,
  ...(where.length > 0 ? { where: where.map(conditionOf) } : {}),
});

function measureOf(draft: MeasureDraft): Measure {
  const { fold, field, scope, from, to, withinHours, divideBy } = draft;
  return {
    ...selectionOf(draft),
    ...(fold === 'exposures' ? { events: [] } : {}),
    fold,
    scope,
    ...(fold === 'sum' && field !== '' ? { field: `property:${field}` } : {}),
    ...(from === null && to === null ? {} : { days: [from ?? 0, to ?? 0] as [number, number] }),
    ...(scope === 'decision' && withinHours !== null ? { withinHours } : {}),
    ...(divideBy === null || fold === 'first' ? {} : { scale: 1 / divideBy }),
  };
}

const share = (value: number | null): number | undefined =>
  value === null ? undefined : Number((value / 100).toPrecision(12));

function ofKind(draft: MetricDraft): Partial<MetricBody> {
  const quantile = share(draft.quantile);
  if (draft.kind === 'ratio') return { denominator: measureOf(draft.denominator) };
  if (draft.kind === 'quantile') return quantile === undefined ? {} : { quantile };
  if (draft.kind === 'funnel') return { after: draft.after.map(selectionOf) };
  return draft.kind === 'retention' ? { retention: draft.retention } : {};
}

function capOf({ kind, cap, capValue }: MetricDraft): Partial<MetricBody> {
  if (cap === 'none' || !KINDS_WITH_CAP.has(kind)) return {};
  return { cap: cap === 'atMost' ? { atMost: capValue ?? 0 } : { quantile: share(capValue) ?? 0 } };
}

export function bodyOf(draft: MetricDraft): MetricBody {
  const { kind, covariateDays } = draft;
  const [minimumLift, guardrailMargin] = [share(draft.minimumLift), share(draft.guardrailMargin)];
  return {
    key: draft.key || slug(draft.title),
    title: draft.title.trim(),
    description: draft.description.trim(),
    measuredIn: draft.measuredIn,
    betterWhen: draft.betterWhen,
    family: draft.family,
    kind,
    numerator: measureOf(draft.numerator),
    ...ofKind(draft),
    ...capOf(draft),
    maturityDays: draft.maturityDays,
    ...(covariateDays === null || !KINDS_WITH_COVARIATE.has(kind) ? {} : { covariateDays }),
    ...(minimumLift === undefined ? {} : { minimumLift }),
    ...(guardrailMargin === undefined ? {} : { guardrailMargin }),
  };
}

const draftOfSelection = ({ events, where }: EventSelection): SelectionDraft => ({
  id: nextId(),
  events: [...events],
  where: (where ?? []).map(({ field, op, value }) => ({
    id: nextId(),
    field,
    op,
    text: Array.isArray(value) || value === undefined ? '' : textOf(value),
    list: Array.isArray(value) ? value.map(textOf) : [],
  })),
});

const draftOfMeasure = (measure: Measure): MeasureDraft => ({
  ...draftOfSelection(measure),
  fold: measure.fold,
  field: (measure.field ?? '').replace(/^(property:|value$)/, ''),
  scope: measure.scope,
  from: measure.days?.[0] ?? null,
  to: measure.days?.[1] ?? null,
  withinHours: measure.withinHours ?? null,
  divideBy: measure.scale === undefined ? null : Number((1 / measure.scale).toPrecision(12)),
});

const typed = (value: number | undefined): number | null =>
  value === undefined ? null : Number((value * 100).toPrecision(12));

function capDraft(cap: MetricBody['cap']): Pick<MetricDraft, 'cap' | 'capValue'> {
  if (cap === undefined) return { cap: 'none', capValue: null };
  return 'atMost' in cap
    ? { cap: 'atMost', capValue: cap.atMost }
    : { cap: 'quantile', capValue: typed(cap.quantile) };
}

/** The form of a metric that exists. */
export function draftOf(metric: MetricBody): MetricDraft {
  const empty = emptyMetric();
  const { key, title, description, measuredIn, betterWhen, family, kind, maturityDays } = metric;
  return {
    ...empty,
    ...{ key, title, description, measuredIn, betterWhen, family, kind, maturityDays },
    numerator: draftOfMeasure(metric.numerator),
    denominator: metric.denominator ? draftOfMeasure(metric.denominator) : empty.denominator,
    after: metric.after ? metric.after.map(draftOfSelection) : empty.after,
    quantile: typed(metric.quantile) ?? empty.quantile,
    retention: metric.retention ?? 'day',
    ...capDraft(metric.cap),
    covariateDays: metric.covariateDays ?? null,
    minimumLift: typed(metric.minimumLift),
    guardrailMargin: typed(metric.guardrailMargin),
  };
}
