import { Inject, Injectable } from '@nestjs/common';
import { compileCondition, conditionSources, startRequirements } from '#experiments';
import type { Context } from '#experiments';
import { approvalRequired, designHash, readApproval } from '../experiments/approval.js';
import { ExperimentStore } from '../experiments/experiment-store.js';
import type { StoredExperiment } from '../experiments/experiment.mapper.js';
import { Database } from '../persistence/database.js';
import { loadMetricCatalogue } from '../persistence/metric-catalogue.js';
import type { MetricCatalogue } from '../persistence/metric-catalogue.js';
import { PowerPlans } from '../reports/power-plans.js';
import { powerSchema } from '../reports/power.schemas.js';
import { bookings } from './calendar.js';
import { clashesOf } from './clashes.js';
import type { ClashReason } from './clashes.js';

const DEFAULT_LIFT = 0.05;
/** Newest decisions that targeting is tried on. */
const SAMPLE = 5000;

export interface CheckItem {
  readonly code: 'complete' | 'metrics' | 'guardrails' | 'power' | 'targeting' | 'clash' | 'approval';
  /** `needed`: the start is refused without it. */
  readonly level: 'needed' | 'advised';
  readonly status: 'pass' | 'fail' | 'unknown';
  readonly text: string;
}

/** What should be true before an experiment starts, each with what was found. */
@Injectable()
export class Checklist {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ExperimentStore) private readonly store: ExperimentStore,
    @Inject(PowerPlans) private readonly power: PowerPlans,
  ) {}

  /** @throws Problem 404. */
  async of(key: string, now: Date): Promise<{ ready: boolean; items: CheckItem[] }> {
    const experiment = await this.store.get(key);
    const catalogue = await loadMetricCatalogue(this.db);
    const items = [
      complete(experiment),
      metricsExist(experiment, catalogue),
      guarded(experiment),
      await this.powered(experiment, catalogue, now),
      await this.reaches(experiment),
      await this.clashes(experiment, now),
      await this.approved(experiment),
    ];
    return { ready: items.every(({ level, status }) => level !== 'needed' || status === 'pass'), items };
  }

  private async powered(
    experiment: StoredExperiment,
    catalogue: MetricCatalogue,
    now: Date,
  ): Promise<CheckItem> {
    const item = (status: CheckItem['status'], text: string): CheckItem => ({
      ...{ code: 'power', level: 'advised', status, text },
    });
    const { decisionMetric, arms, surface, traffic, minimumDays } = experiment;
    const definition = decisionMetric === null ? undefined : catalogue.find(decisionMetric);
    if (!definition || complete(experiment).status === 'fail')
      return item('unknown', 'The size it needs can be told once the design is complete.');
    const minimumLift = definition.minimumLift ?? DEFAULT_LIFT;
    const body = powerSchema.parse({
      metric: definition.key,
      surface,
      minimumLift,
      traffic,
      arms: arms.map(({ key, weight, isControl }) => ({ key, weight, isControl })),
    });
    const { status, days, size } = await this.power.plan(body, now);
    const lift = `a lift of ${(minimumLift * 100).toFixed(1)} %`;
    if (status === 'needs-guess' || size === null)
      return item('unknown', `The surface has no history of ${definition.title}: plan its size by a guess.`);
    const needs = `${size.totalUnits.toLocaleString('en-US')} units find ${lift} of ${definition.title}`;
    if (days === null) return item('fail', `${needs}, and the surface does not bring them within a year.`);
    const planned = Math.max(minimumDays, 7);
    if (days <= planned) return item('pass', `${needs}; that takes about ${days} days.`);
    return item('fail', `${needs}; that takes about ${days} days, and it is planned for ${planned}.`);
  }

  private async reaches({ surface, unitType, targeting, traffic }: StoredExperiment): Promise<CheckItem> {
    const item = (status: CheckItem['status'], text: string): CheckItem => ({
      ...{ code: 'targeting', level: 'advised', status, text },
    });
    const rows = await this.db.query<{ unit: string; context: Context }>(
      `select unit_id as unit, context from decision
        where surface = $1 and unit_type = $2 and at > now() - interval '7 days' order by at desc limit $3`,
      [surface, unitType, SAMPLE],
    );
    const [seen] = await this.db.query<{ units: number }>(
      `select count(distinct unit_id)::int as units from decision
        where surface = $1 and unit_type = $2 and at > now() - interval '1 day'`,
      [surface, unitType],
    );
    if (rows.length === 0)
      return item('unknown', `No ${unitType} asked for this surface in the last seven days.`);
    const meets = compileCondition(targeting, conditionSources(await this.store.catalogFor(surface)));
    const units = new Set(rows.map(({ unit }) => unit));
    const reached = new Set(rows.filter(({ context, unit }) => meets(context, unit)).map(({ unit }) => unit));
    const share = reached.size / units.size;
    if (reached.size === 0)
      return item('fail', `The targeting matches none of the last ${units.size} ${unitType}s.`);
    const daily = Math.round((seen?.units ?? 0) * share * traffic);
    return item(
      'pass',
      `Matches ${(share * 100).toFixed(0)} % of recent ${unitType}s: about ${daily.toLocaleString('en-US')} a day before its part of the layer.`,
    );
  }

  private async clashes({ key }: StoredExperiment, now: Date): Promise<CheckItem> {
    const open = (await bookings(this.db, now.getTime(), true)).filter(
      (booking) => booking.key === key || ['running', 'paused', 'scheduled'].includes(booking.status),
    );
    const found = clashesOf(open).filter(
      ({ reason, experiments }) => reason !== 'same-metric' && experiments.includes(key),
    );
    const namesOf = (wanted: ClashReason): string =>
      found
        .filter(({ reason }) => reason === wanted)
        .map(({ experiments }) => `"${experiments.find((one) => one !== key) ?? ''}"`)
        .join(', ');
    const [shared, owners] = [namesOf('same-units'), namesOf('layer-full')];
    const texts = [
      ...(shared === ''
        ? []
        : [`Shares its surface and units with ${shared}: the older one gets them. Use one layer for both.`]),
      ...(owners === '' ? [] : [`Its layer has no room of the size it asks for; it belongs to ${owners}.`]),
    ];
    return {
      code: 'clash',
      // Without room in its layer a start is refused.
      level: owners === '' ? 'advised' : 'needed',
      status: found.length === 0 ? 'pass' : 'fail',
      text: texts.join(' ') || 'No other experiment wants the same units on this surface.',
    };
  }

  private async approved(experiment: StoredExperiment): Promise<CheckItem> {
    const shared = { code: 'approval' as const, level: 'needed' as const };
    if (!(await approvalRequired(this.db)))
      return { ...shared, status: 'pass', text: 'This project asks nobody to approve a start.' };
    const approval = await readApproval(this.db, experiment.key);
    const same = approval?.design === designHash(experiment);
    if (approval?.decision === 'approve' && same)
      return { ...shared, status: 'pass', text: `Approved by ${approval.decidedBy ?? 'somebody'}.` };
    const text =
      approval === null ? 'A second person has to approve the start.' : waiting(approval.decision, same);
    return { ...shared, status: 'fail', text };
  }
}

function waiting(decision: 'approve' | 'reject' | null, same: boolean): string {
  if (!same) return 'It was changed since the approval was asked for: ask again.';
  return decision === 'reject'
    ? 'The approval was refused.'
    : 'The approval was asked for and not given yet.';
}

function complete(experiment: StoredExperiment): CheckItem {
  // A draft gets its part of the layer at the start.
  const missing = startRequirements(experiment).filter(
    ({ code }) => experiment.status !== 'draft' || code !== 'no_layer_range',
  );
  const text =
    missing.length === 0
      ? 'Hypothesis, arms, traffic and decision metric are there.'
      : `Missing: ${missing.map(({ message }) => message).join('; ')}.`;
  return { code: 'complete', level: 'needed', status: missing.length === 0 ? 'pass' : 'fail', text };
}

function metricsExist(experiment: StoredExperiment, catalogue: MetricCatalogue): CheckItem {
  const { decisionMetric, secondaryMetrics, guardrailMetrics } = experiment;
  const named = [
    ...(decisionMetric === null ? [] : [decisionMetric]),
    ...secondaryMetrics,
    ...guardrailMetrics,
  ];
  const lost = named.filter((key) => !catalogue.find(key) || catalogue.isArchived(key));
  const text =
    lost.length === 0 ? 'Every metric exists.' : `Does not exist or is archived: ${lost.join(', ')}.`;
  return { code: 'metrics', level: 'needed', status: lost.length === 0 ? 'pass' : 'fail', text };
}

function guarded({ guardrailMetrics }: StoredExperiment): CheckItem {
  const some = guardrailMetrics.length > 0;
  return {
    code: 'guardrails',
    level: 'advised',
    status: some ? 'pass' : 'fail',
    text: some ? `Watched for harm: ${guardrailMetrics.join(', ')}.` : 'No guardrail watches for harm.',
  };
}
