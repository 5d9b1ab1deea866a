import type { EventCondition, EventField, EventSelection, Measure, MetricDefinition } from '#metrics';
import type { ClientEvent, DecisionRecord } from '../src/queues/jobs.js';

export const DAY = 86_400_000;
const MINUTE = 60_000;

export interface RawFacts {
  readonly decisions: readonly DecisionRecord[];
  readonly events: readonly ClientEvent[];
}

type Context = Readonly<Record<string, unknown>>;

/** One unit of an experiment, from raw facts. */
export interface RawUnit {
  readonly id: string;
  readonly arm: string;
  readonly firstAt: number;
  readonly crossover: boolean;
  readonly attributes: Context;
  /** Outcomes and exposures, and decisions that were exposed by themselves. */
  readonly events: readonly ClientEvent[];
  readonly own: ReadonlyMap<string, DecisionRecord>;
}

/** Who entered an experiment, by scanning all facts: the exposure that names a decision of the same unit. */
export function rawUnits({ decisions, events }: RawFacts, experiment: string): Map<string, RawUnit> {
  const byId = new Map(
    decisions.filter((made) => made.experiment === experiment).map((made) => [made.id, made]),
  );
  const looks = new Map<string, { at: number; decision: DecisionRecord }[]>();
  const look = (at: number, decision: DecisionRecord): void => {
    looks.set(decision.unitId, [...(looks.get(decision.unitId) ?? []), { at, decision }]);
  };
  for (const event of events) {
    const decision = event.kind === 'exposure' ? byId.get(event.decisionId ?? '') : undefined;
    if (decision?.unitId === event.unitId) look(event.at, decision);
  }
  for (const decision of byId.values()) if (decision.exposed) look(decision.at, decision);
  return new Map([...looks].map(([id, seen]) => [id, unitOf(id, seen, byId, events)]));
}

function unitOf(
  id: string,
  seen: readonly { at: number; decision: DecisionRecord }[],
  byId: ReadonlyMap<string, DecisionRecord>,
  events: readonly ClientEvent[],
): RawUnit {
  const first = seen.reduce((a, b) => (b.at < a.at ? b : a));
  const own = new Map([...byId].filter(([, made]) => made.unitId === id));
  const exposures = [...own.values()]
    .filter(({ exposed }) => exposed)
    .map((made) => ({ ...blank(made), kind: 'exposure' as const }));
  return {
    id,
    arm: first.decision.arm ?? '',
    firstAt: first.at,
    crossover: new Set(seen.map(({ decision }) => decision.arm)).size > 1,
    attributes: Object.fromEntries(
      Object.entries(first.decision.context as Context).filter(([, value]) =>
        ['string', 'boolean'].includes(typeof value),
      ),
    ),
    events: [...events.filter((event) => event.unitId === id), ...exposures],
    own,
  };
}

const blank = (made: DecisionRecord): ClientEvent => ({
  id: `self-${made.id}`,
  kind: 'exposure',
  unitId: made.unitId,
  at: made.at,
  receivedAt: made.at,
  decisionId: made.id,
  name: null,
  value: null,
  actionId: null,
  itemId: null,
  position: null,
  properties: null,
});

/** Property, context of the decision, attributes of the unit: whichever of the given ones knows the name first. */
function lookUp(name: string, places: readonly (Context | null | undefined)[]): unknown {
  for (const place of places)
    if (place && place[name] !== undefined && place[name] !== null) return place[name];
  return undefined;
}

function fieldOf(event: ClientEvent, unit: RawUnit, field: EventField): unknown {
  const properties = event.properties as Context | null;
  const context = unit.own.get(event.decisionId ?? '')?.context as Context | undefined;
  if (field === 'hour') return lookUp('hour', [properties, context]) ?? new Date(event.at).getUTCHours();
  if (field === 'device') return lookUp('device', [properties, context, unit.attributes]);
  if (field.startsWith('property:')) return lookUp(field.slice(9), [properties]);
  if (field.startsWith('context:')) return lookUp(field.slice(8), [context, unit.attributes]);
  return event[field as 'value' | 'position' | 'itemId' | 'actionId'] ?? undefined;
}

function holds({ field, op, value }: EventCondition, event: ClientEvent, unit: RawUnit): boolean {
  const found = fieldOf(event, unit, field);
  const among = (): boolean =>
    found !== undefined && (Array.isArray(value) ? value : [value]).some((one) => one === found);
  switch (op) {
    case 'exists':
      return found !== undefined;
    case 'notExists':
      return found === undefined;
    case 'eq':
    case 'in':
      return among();
    case 'ne':
    case 'notIn':
      return !among();
    default: {
      if (typeof found !== 'number' || typeof value !== 'number') return false;
      return { lt: found < value, lte: found <= value, gt: found > value, gte: found >= value }[op];
    }
  }
}

const selects = ({ events, where }: EventSelection, event: ClientEvent, unit: RawUnit): boolean =>
  event.kind === 'outcome' &&
  events.includes(event.name ?? '') &&
  (where ?? []).every((condition) => holds(condition, event, unit));

function inScope(measure: Measure, event: ClientEvent, unit: RawUnit): boolean {
  const decision = unit.own.get(event.decisionId ?? '');
  if (measure.scope === 'decision' && !decision) return false;
  if (measure.withinHours === undefined) return true;
  return (
    decision !== undefined &&
    event.at >= decision.at &&
    event.at <= decision.at + measure.withinHours * 3_600_000
  );
}

function after(measure: Measure, metric: MetricDefinition, event: ClientEvent, unit: RawUnit): boolean {
  if (event.at < unit.firstAt) return false;
  if (!measure.days) return true;
  const day =
    metric.kind === 'retention'
      ? Math.floor(event.at / DAY) - Math.floor(unit.firstAt / DAY)
      : Math.floor((event.at - unit.firstAt) / DAY);
  return day >= measure.days[0] && day < measure.days[1];
}

function matching(
  unit: RawUnit,
  measure: Measure,
  metric: MetricDefinition,
  before: number | null,
): ClientEvent[] {
  return unit.events.filter((event) => {
    const inTime =
      before === null
        ? after(measure, metric, event, unit)
        : event.at < unit.firstAt && event.at >= unit.firstAt - before * DAY;
    const chosen =
      measure.fold === 'exposures'
        ? event.kind === 'exposure' && (measure.where ?? []).every((one) => holds(one, event, unit))
        : selects(measure, event, unit);
    return inTime && chosen && inScope(measure, event, unit);
  });
}

function folded(unit: RawUnit, measure: Measure, metric: MetricDefinition, before: number | null): number {
  const rows = matching(unit, measure, metric, before);
  const scale = measure.scale ?? 1;
  const number = (event: ClientEvent): number => {
    const found = fieldOf(event, unit, measure.field ?? 'value');
    return typeof found === 'number' ? found : 0;
  };
  switch (measure.fold) {
    case 'count':
      return rows.length * scale;
    case 'sum':
      return rows.reduce((sum, event) => sum + number(event), 0) * scale;
    case 'any':
      return (rows.length > 0 ? 1 : 0) * scale;
    case 'distinct-days':
      return new Set(rows.map(({ at }) => Math.floor(at / DAY))).size * scale;
    case 'exposures':
      return new Set(rows.map(({ decisionId }) => decisionId)).size * scale;
    case 'first':
      return rows.length === 0
        ? 0
        : Math.floor((Math.min(...rows.map(({ at }) => at)) - unit.firstAt) / MINUTE) / 1440;
  }
}

/** Whether steps were taken in order: at each step the earliest event after the one before, trying every choice. */
function tookSteps(unit: RawUnit, metric: MetricDefinition, steps: readonly EventSelection[]): boolean {
  const events = unit.events.filter(
    (event) => after(metric.numerator, metric, event, unit) && inScope(metric.numerator, event, unit),
  );
  const reach = (step: number, since: number, used: readonly ClientEvent[]): boolean => {
    const selection = steps[step];
    if (!selection) return true;
    return events.some(
      (event) =>
        event.at >= since &&
        !used.includes(event) &&
        selects(selection, event, unit) &&
        reach(step + 1, event.at, [...used, event]),
    );
  };
  return reach(0, -Infinity, []);
}

/** The three numbers of a unit for a metric, from raw events. */
export function rawNumbers(unit: RawUnit, metric: MetricDefinition): { y: number; d: number; x: number } {
  const { numerator, denominator, cap, covariateDays } = metric;
  const capped = (x: number): number => (cap && 'atMost' in cap ? Math.min(x, cap.atMost) : x);
  if (metric.kind === 'funnel') {
    const before = metric.after ?? [];
    return {
      y: tookSteps(unit, metric, [...before, numerator]) ? 1 : 0,
      d: tookSteps(unit, metric, before) ? 1 : 0,
      x: 0,
    };
  }
  const observed =
    metric.kind === 'time-to-event' ? matching(unit, numerator, metric, null).length > 0 : true;
  return {
    y: capped(folded(unit, numerator, metric, null)),
    d: denominator ? folded(unit, denominator, metric, null) : Number(observed),
    x: covariateDays === undefined ? 0 : capped(folded(unit, numerator, metric, covariateDays)),
  };
}
