import { Inject, Injectable } from '@nestjs/common';
import type { HealthDetails, HealthFacts, ReportCell } from '#metrics';
import { Database } from '../persistence/database.js';
import { assignmentFact } from './assignment-facts.js';
import { eventRateFacts } from './event-counts.js';
import { editsOf, pausedDaysOf } from './health-edits.js';
import type { ChangeRow, PhaseRow } from './health-edits.js';
import { entriesOf, groupsOf } from './health-groups.js';
import type { GroupRow } from './health-groups.js';
import * as SQL from './health-facts.sql.js';
import { trafficFact } from './traffic-facts.js';
import type { Mute } from './health-mutes.js';
import type { Population, ReportedExperiment, Segment } from './report-store.js';

const DAY_MS = 86_400_000;
const WEEK_DAYS = 7;
/** No unit can hold more than this of an arm when the root of its sum of squares does not. */
const CONCENTRATED = 0.05;
const STREAM_MS = 10_000;
const NOTHING: HealthDetails = {};

/** What the checks need to know of an experiment. */
type JudgedExperiment = Pick<
  ReportedExperiment,
  | 'key'
  | 'status'
  | 'arms'
  | 'decisionMetric'
  | 'minimumDays'
  | 'plannedUnits'
  | 'startedAt'
  | 'stoppedAt'
  | 'clusters'
>;

export interface HealthQuestion {
  readonly experiment: JudgedExperiment;
  readonly population: Population;
  readonly cells: readonly ReportCell[];
  readonly asOf: Date;
  readonly now: Date;
  readonly segment: Segment | null;
  /** Whether the units that rules leave out are counted for once. */
  readonly everybody?: boolean;
  /** Arms in the order of the report's facts. */
  readonly arms: readonly string[];
}

/** Reads what the health checks judge beyond the split: few statements, each over indexes or a bounded sample. */
@Injectable()
export class HealthFactsReader {
  private stream: { readonly until: number; readonly row: Promise<StreamRow | undefined> } | null = null;

  constructor(@Inject(Database) private readonly db: Database) {}

  /** The facts with what is read for the checks. */
  async extend(facts: HealthFacts, question: Omit<HealthQuestion, 'arms'>): Promise<HealthFacts> {
    const arms = facts.arms.map((arm) => arm.key);
    return { ...facts, ...(await this.read({ ...question, arms })) };
  }

  /** What describes the present (lag, streams, policies) is left out of reports on past days. */
  async read(question: HealthQuestion): Promise<HealthDetails> {
    const { experiment, population, asOf, now, segment } = question;
    const present = asOf.getTime() > now.getTime() - 60_000;
    const [phases, changes, rows, live, concentration, assignment] = await Promise.all([
      this.db.query<PhaseRow & Record<string, unknown>>(SQL.PHASES, [experiment.key, asOf]),
      this.db.query<ChangeRow & Record<string, unknown>>(SQL.CHANGES, [experiment.key, asOf]),
      this.groups(question),
      present ? this.live(experiment, asOf) : NOTHING,
      this.concentration(question),
      assignmentFact(this.db, question, present),
    ]);
    const groups = groupsOf(rows, population, question.arms);
    const edits = editsOf(phases, changes);
    const traffic = present ? await trafficFact(this.db, experiment.key, phases, edits, asOf) : null;
    const held = [...concentration, ...(live.concentration ?? [])];
    return {
      ...live,
      running: experiment.status === 'running' || experiment.status === 'paused',
      asOf: asOf.toISOString(),
      plan: planOf(experiment, population),
      pausedDays: pausedDaysOf(changes, endOf(experiment, asOf)),
      entries: entriesOf(population, question.arms),
      ...assignment,
      edits,
      ...(traffic === null || experiment.status !== 'running' ? {} : { traffic }),
      segmentsLookedAt: segment === null ? 1 : Math.max(1, groups.length),
      ...(segment === null && groups.length > 0 ? { groups } : {}),
      ...(held.length > 0 ? { concentration: held } : {}),
    };
  }

  /** Mutes that have not run out. */
  mutes(key: string, now: Date): Promise<Mute[]> {
    return this.db.query<Mute & Record<string, unknown>>(SQL.MUTES, [key, now]);
  }

  /** Groups of units are tested as if each unit were assigned by itself: not so in clusters. */
  private async groups({ experiment, asOf, everybody = false }: HealthQuestion): Promise<GroupRow[]> {
    if (everybody || experiment.clusters !== null) return [];
    return this.db.query<GroupRow & Record<string, unknown>>(SQL.GROUPS, [
      experiment.key,
      asOf.toISOString().slice(0, 10),
    ]);
  }

  private async live(experiment: JudgedExperiment, asOf: Date): Promise<HealthDetails> {
    const policyArms = experiment.arms.flatMap((arm) =>
      arm.treatment.kind === 'policy' ? [{ arm: arm.key, policy: arm.treatment.policyId }] : [],
    );
    const [trend, policies, stream, eventRates, [dealt]] = await Promise.all([
      this.db.query<{ trends: NonNullable<HealthDetails['trends']> }>(SQL.TREND, [experiment.key, asOf]),
      policyArms.length > 0 ? this.policies(experiment.key, policyArms, asOf) : {},
      this.streamNow(asOf),
      eventRateFacts(this.db, experiment),
      this.db.query<NonNullable<HealthDetails['dealtAnew']> & Record<string, unknown>>(SQL.DEALT_ANEW, [
        experiment.key,
      ]),
    ]);
    const lag = lagOf(stream, experiment);
    return {
      ...policies,
      ...(dealt ? { dealtAnew: dealt } : {}),
      ...(eventRates.length > 0 ? { eventRates } : {}),
      ...(trend[0] ? { trends: trend[0].trends } : {}),
      ...(lag === null ? {} : { ingestLagSeconds: lag }),
      ...(stream ? { stream: streamOf(stream) } : {}),
    };
  }

  /** The same for all experiments, and costly next to what else a report reads: kept for some seconds. */
  private streamNow(asOf: Date): Promise<StreamRow | undefined> {
    const now = asOf.getTime();
    if (this.stream === null || now >= this.stream.until || now < this.stream.until - STREAM_MS) {
      const row = this.db.query<StreamRow>(SQL.STREAM, [asOf]).then(([found]) => found);
      this.stream = { until: now + STREAM_MS, row };
      row.catch(() => (this.stream = null));
    }
    return this.stream.row;
  }

  private async policies(
    key: string,
    served: readonly { readonly arm: string; readonly policy: string }[],
    asOf: Date,
  ): Promise<HealthDetails> {
    const arms = served.map(({ arm }) => arm);
    const ids = served.map(({ policy }) => policy);
    const [overlap, rewards, snapshots] = await Promise.all([
      this.db.query<NonNullable<HealthDetails['overlap']>[number] & Record<string, unknown>>(SQL.OVERLAP, [
        key,
        arms,
        ids,
        asOf,
      ]),
      this.db.query<RewardRow>(SQL.REWARDS, [key, arms, ids]),
      this.db.query<NonNullable<HealthDetails['snapshots']>[number] & Record<string, unknown>>(
        SQL.SNAPSHOTS,
        [arms, ids, asOf],
      ),
    ]);
    return {
      overlap,
      snapshots,
      rewards: rewards.map(({ arm, rewards: n, maxZ, odd }) => ({ arm, rewards: n, maxZ, odd })),
      concentration: rewards
        .filter(({ units }) => units > 0)
        .map(({ arm, units, topShare }) => ({ arm, of: 'the rewards', units, topShare })),
    };
  }

  /**
   * How much of the decision metric one unit holds. The moments answer first: the largest value is at most the root
   * of the sum of squares. Only arms in which that could be over the limit are searched for it.
   */
  private async concentration({ experiment, cells, segment }: HealthQuestion): Promise<Concentration[]> {
    const metric = experiment.decisionMetric;
    if (metric === null || segment !== null) return [];
    const suspects: string[] = [];
    const clean: Concentration[] = [];
    for (const { arm, moments } of cells.filter((cell) => cell.metric === metric)) {
      const total = moments.n * Math.abs(moments.mean[0]);
      const root = Math.sqrt(Math.max(0, moments.comoment[0] + moments.n * moments.mean[0] ** 2));
      const units = moments.nonZero ?? moments.n;
      if (!(total > 0)) continue;
      if (root / total > CONCENTRATED) suspects.push(arm);
      else clean.push({ arm, of: metric, units, topShare: root / total });
    }
    if (suspects.length === 0) return clean;
    const found = await this.db.query<Concentration & Record<string, unknown>>(SQL.CONCENTRATION, [
      experiment.key,
      metric,
      suspects,
    ]);
    return [...clean, ...found];
  }
}

type Concentration = NonNullable<HealthDetails['concentration']>[number];

interface RewardRow extends Record<string, unknown> {
  readonly arm: string;
  readonly rewards: number;
  readonly maxZ: number | null;
  readonly odd: number;
  readonly units: number;
  readonly topShare: number;
}

interface StreamRow extends Record<string, unknown> {
  readonly rollup_age: number | null;
  readonly spool_age: number | null;
  readonly stored: number;
  readonly duplicates: number;
  readonly lost: number;
  readonly sampled: number;
  readonly late: number;
  readonly early: number;
  readonly outcomes: number;
  readonly unmatched: number;
}

const streamOf = (row: StreamRow): NonNullable<HealthDetails['stream']> => ({
  eventsStored: row.stored,
  duplicates: row.duplicates,
  exposuresWithoutDecision: row.lost,
  sampled: row.sampled,
  late: row.late,
  early: row.early,
  outcomesWithDecision: row.outcomes,
  unmatched: row.unmatched,
});

/** Behind by whichever is later: rolling up, or a spool that has not been delivered. Matters while units enter. */
function lagOf(row: StreamRow | undefined, experiment: JudgedExperiment): number | null {
  if (!row || row.rollup_age === null || experiment.status !== 'running') return null;
  return Math.max(0, row.rollup_age, row.spool_age ?? 0);
}

/** When units stop counting towards how long it ran. */
export function endOf(experiment: Pick<ReportedExperiment, 'stoppedAt'>, asOf: Date): Date {
  const { stoppedAt } = experiment;
  return stoppedAt !== null && stoppedAt < asOf ? stoppedAt : asOf;
}

function planOf(experiment: JudgedExperiment, { firstAt }: Population): NonNullable<HealthDetails['plan']> {
  const days = Math.max(WEEK_DAYS, experiment.minimumDays);
  const from = firstAt ?? experiment.startedAt;
  return {
    days,
    endsAt: from === null ? null : new Date(from.getTime() + days * DAY_MS).toISOString(),
    units: experiment.plannedUnits,
  };
}
