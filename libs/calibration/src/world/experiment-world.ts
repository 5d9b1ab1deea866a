import { createAssignmentEngine } from '#experiments';
import type { Arm, AssignmentEngine, Experiment } from '#experiments';
import type { HealthFacts, MetricDefinition, ReportArm, ReportCell } from '#metrics';
import type { Sampler } from '../sampler.js';
import { DAY, START, drawHabits, entryTime, liveDay } from './behaviour.js';
import type { Influence, Member, Sink } from './behaviour.js';
import { MetricFold } from './metric-fold.js';

export interface WorldOptions {
  /** Key of the experiment and prefix of its units. */
  readonly key: string;
  readonly units: number;
  /** Days over which units enter and are watched. */
  readonly days: number;
  /** One entry per arm, control first: what it does to its units. */
  readonly arms: readonly (Influence & { readonly key: string })[];
  readonly metrics: readonly MetricDefinition[];
}

const SURFACE = 'home';
const UNIT_TYPE = 'member';
/** Days before first exposure in which units already use the product. */
const DAYS_BEFORE = 14;

function experimentOf({ key, arms }: WorldOptions): Experiment {
  return {
    key,
    title: key,
    surface: SURFACE,
    unitType: UNIT_TYPE,
    status: 'running',
    layer: key,
    layerRange: [0, 1],
    traffic: 1,
    targeting: null,
    arms: arms.map((arm, i): Arm => ({
      key: arm.key,
      title: arm.key,
      weight: 1,
      isControl: i === 0,
      treatment: { kind: 'value', value: arm.key },
    })),
    phase: 1,
    salt: key,
    shippedArm: null,
  };
}

function engineFor(experiment: Experiment): AssignmentEngine {
  return createAssignmentEngine({
    experiments: [experiment],
    layers: [{ key: experiment.layer, title: experiment.layer, salt: experiment.layer }],
    holdouts: [],
    surfaces: [{ key: SURFACE, title: SURFACE, kind: 'value', defaultValue: null, candidateKind: null }],
  });
}

/**
 * One experiment in a small streaming service, day by day: units are assigned by hash when they first come, are
 * exposed, and live on. What happens goes to the sink and into the metrics.
 */
export class ExperimentWorld {
  readonly experiment: Experiment;
  readonly firstAt: Float64Array;
  readonly arm: Uint8Array;
  private readonly members: Member[];
  private readonly fold: MetricFold;
  private decisions = 0;

  constructor(
    readonly options: WorldOptions,
    private readonly sampler: Sampler,
    private readonly sink: Sink | null = null,
  ) {
    const { units, arms, days, metrics } = options;
    this.experiment = experimentOf(options);
    const engine = engineFor(this.experiment);
    this.firstAt = new Float64Array(units);
    this.arm = new Uint8Array(units);
    this.members = Array.from({ length: units }, (_, unit) => {
      const { arm } = engine.assign({ unitId: this.unitId(unit), unitType: UNIT_TYPE }, SURFACE, {});
      const index = arms.findIndex(({ key }) => key === arm?.key);
      this.firstAt[unit] = entryTime(sampler, days);
      this.arm[unit] = index;
      const influence = arms[index] as Influence;
      return { unit, habits: drawHabits(sampler), influence, decision: -1, cancelled: false };
    });
    this.fold = new MetricFold(metrics, this);
  }

  unitId(unit: number): string {
    return `${this.options.key}-member-${unit}`;
  }

  /** Lets all units live one day; days go up from 0. */
  live(day: number): void {
    const [from, to] = [START + day * DAY, START + (day + 1) * DAY];
    const sink = this.tee();
    const decide = (): number => this.decisions++;
    for (const member of this.members) {
      const firstAt = this.firstAt[member.unit] as number;
      if (firstAt >= to || member.cancelled) continue;
      if (firstAt >= from) this.enter(member, firstAt, sink, decide);
      else liveDay(member, from, this.sampler, sink, decide);
    }
  }

  private enter(member: Member, firstAt: number, sink: Sink, decide: () => number): void {
    const before: Member = { ...member, influence: { watchTime: 1 } };
    const early: Sink = {
      exposure: () => undefined,
      outcome: (unit, at, name, value, decision) => {
        if (at < firstAt) sink.outcome(unit, at, name, value, decision);
      },
    };
    const entryDay = Math.floor((firstAt - START) / DAY);
    for (let day = entryDay - DAYS_BEFORE; day <= entryDay; day++)
      liveDay(before, START + day * DAY, this.sampler, early, null);
    member.decision = decide();
    sink.exposure(member.unit, firstAt, member.decision);
    liveDay(member, firstAt, this.sampler, sink, decide);
  }

  private tee(): Sink {
    const { fold, sink } = this;
    if (!sink) return fold;
    return {
      exposure(unit, at, decision) {
        fold.exposure(unit, at);
        sink.exposure(unit, at, decision);
      },
      outcome(unit, at, name, value, decision) {
        fold.outcome(unit, at, name, value, decision);
        sink.outcome(unit, at, name, value, decision);
      },
    };
  }

  /** Moments at the midnight that ends a day. */
  cells(day: number): ReportCell[] {
    return this.fold.cells(
      day,
      this.options.arms.map(({ key }) => key),
    );
  }

  reportArms(): ReportArm[] {
    return this.experiment.arms.map(({ key, weight, isControl }) => ({ key, weight, isControl }));
  }

  /** Traffic at the midnight that ends a day. */
  facts(day: number): HealthFacts {
    const arms = this.reportArms().map(({ key, weight }, i) => ({
      key,
      weight,
      units: this.fold.unitsOf(i, day),
    }));
    const first = this.firstAt.reduce((a, b) => Math.min(a, b), Infinity);
    return {
      arms,
      totalUnits: arms.reduce((sum, { units }) => sum + units, 0),
      crossoverUnits: 0,
      daysRunning: Math.max(0, START + (day + 1) * DAY - first) / DAY,
    };
  }
}
