import {
  buildReport,
  fromValues,
  isCalendar,
  needsUnits,
  metricRegistry,
  type Measure,
  type MetricDefinition,
  type ReportBody,
  type ReportCell,
  type ReportMetric,
} from '#metrics';
import type { Answer, ClientEvent, ReadyExperiment } from '#simulation';

const dayMs = 86_400_000;

interface Folded {
  y: number;
  d: number;
}

interface UnitRow {
  readonly arm: string;
  /** Unix milliseconds of the first exposure. */
  readonly since: number;
  readonly folded: Folded[];
}

interface Counter {
  readonly index: number;
  readonly side: 'y' | 'd';
  readonly measure: Measure;
  readonly definition: MetricDefinition;
}

/** Stands for exposures among the names of outcomes. */
const exposure = '(exposure)';

/** Counts one experiment's metrics per unit straight from events: what the API's rollups do in SQL. */
export class UnitMetrics {
  private readonly metrics: readonly ReportMetric[];
  private readonly decisions = new Map<string, string>();
  private readonly rows = new Map<string, UnitRow>();
  /** What an event of a name (or an exposure) counts in. */
  private readonly countsIn = new Map<string, Counter[]>();

  constructor(private readonly ready: ReadyExperiment) {
    this.metrics = metricsOf(ready);
    for (const [index, { definition }] of this.metrics.entries()) {
      this.register(index, 'y', definition.numerator, definition);
      if (definition.denominator) this.register(index, 'd', definition.denominator, definition);
    }
  }

  private register(index: number, side: 'y' | 'd', measure: Measure, definition: MetricDefinition): void {
    for (const name of measure.fold === 'exposures' ? [exposure] : measure.events) {
      const list = this.countsIn.get(name) ?? [];
      this.countsIn.set(name, list);
      list.push({ index, side, measure, definition });
    }
  }

  get units(): number {
    return this.rows.size;
  }

  served(answer: Answer): void {
    for (const { decisionId, experiment, arm } of answer) {
      if (experiment === this.ready.experiment.key && arm !== null) this.decisions.set(decisionId, arm);
    }
  }

  /** @param at the event's time in Unix milliseconds. */
  take(event: ClientEvent, at: number): void {
    const counters = this.countsIn.get(event.kind === 'exposure' ? exposure : (event.name ?? ''));
    let row = this.rows.get(event.unitId);
    // Most events are nothing to most experiments, and looking for a decision among all is dear.
    if (row ? !counters : event.kind !== 'exposure') return;
    const arm = this.decisions.get(event.decisionId ?? '');
    if (!row && arm !== undefined) {
      row = { arm, since: at, folded: this.metrics.map(() => ({ y: 0, d: 0 })) };
      this.rows.set(event.unitId, row);
    }
    if (!row || !counters) return;
    for (const { index, side, measure, definition } of counters) {
      const folded = row.folded[index] as Folded;
      folded[side] = fold(folded[side], measure, definition, {
        event,
        at,
        since: row.since,
        own: arm !== undefined,
      });
    }
  }

  /** The report as of a time; the same engine as the API's. @param estimator default: the engine's own. */
  report(asOf: number, begun: number, estimator?: string): ReportBody {
    const arms = this.ready.experiment.arms.map(({ key, weight, isControl }) => ({ key, weight, isControl }));
    const units = (key: string): number => [...this.rows.values()].filter((row) => row.arm === key).length;
    return buildReport({
      arms,
      metrics: this.metrics,
      cells: this.cells(asOf),
      facts: {
        arms: arms.map(({ key, weight }) => ({ key, weight, units: units(key) })),
        totalUnits: this.rows.size,
        crossoverUnits: 0,
        daysRunning: (asOf - begun) / dayMs,
      },
      options: estimator === undefined ? {} : { estimator },
    });
  }

  private cells(asOf: number): ReportCell[] {
    return this.metrics.flatMap(({ definition }, index) =>
      this.ready.experiment.arms.map(({ key }) => {
        const rows = [...this.rows.values()].filter(
          (row) => row.arm === key && isMature(row, definition, asOf),
        );
        const y = rows.map((row) => row.folded[index]?.y ?? 0);
        const d = rows.map((row) => row.folded[index]?.d ?? 0);
        return {
          metric: definition.key,
          arm: key,
          moments: definition.denominator ? fromValues(y, d) : fromValues(y),
        };
      }),
    );
  }
}

function metricsOf(ready: ReadyExperiment): ReportMetric[] {
  const metric =
    (role: ReportMetric['role']) =>
    (key: string): ReportMetric => ({ definition: metricRegistry.get(key), role });
  return [
    metric('decision')(ready.decisionMetric),
    ...ready.secondaryMetrics.map(metric('secondary')),
    ...ready.guardrailMetrics.map(metric('guardrail')),
  ];
}

interface Happening {
  readonly event: ClientEvent;
  readonly at: number;
  readonly since: number;
  /** Whether it names a decision of this experiment. */
  readonly own: boolean;
}

function fold(so: number, measure: Measure, definition: MetricDefinition, happening: Happening): number {
  const { event, own } = happening;
  if (measure.fold === 'exposures') return so + (own ? 1 : 0);
  if (!counts(measure, definition, happening)) return so;
  if (measure.fold === 'any') return 1;
  return so + (measure.fold === 'sum' ? (event.value ?? 0) : 1) * (measure.scale ?? 1);
}

function counts(measure: Measure, definition: MetricDefinition, { at, since, own }: Happening): boolean {
  if (measure.scope === 'decision' ? !own : at < since) return false;
  if (!measure.days) return true;
  // Retention counts calendar days, everything else spans of 24 hours.
  const calendar = isCalendar(definition.kind);
  const day = calendar ? Math.floor(at / dayMs) - Math.floor(since / dayMs) : (at - since) / dayMs;
  return day >= measure.days[0] && day < measure.days[1];
}

function isMature(row: UnitRow, { maturityDays, kind }: MetricDefinition, asOf: number): boolean {
  const elapsed = isCalendar(kind)
    ? Math.floor(asOf / dayMs) - Math.floor(row.since / dayMs)
    : (asOf - row.since) / dayMs;
  return elapsed >= maturityDays;
}

/** Whether an experiment's metrics can be counted here. @throws Error naming one that cannot, DomainError `unknown_key` for an unknown metric. */
export function checkMetrics(ready: ReadyExperiment): void {
  for (const { definition } of metricsOf(ready)) {
    const measures = [definition.numerator, ...(definition.denominator ? [definition.denominator] : [])];
    if (needsUnits(definition) || definition.kind === 'funnel' || measures.some(isFiltered))
      throw new Error(`The metric "${definition.key}" counts in ways that a simulation does not.`);
    const folds = measures.map(({ fold }) => fold);
    if (folds.includes('distinct-days'))
      throw new Error(`The metric "${definition.key}" counts distinct days, which a simulation does not.`);
  }
}

const isFiltered = ({ where, field, withinHours }: Measure): boolean =>
  where !== undefined || field !== undefined || withinHours !== undefined;
