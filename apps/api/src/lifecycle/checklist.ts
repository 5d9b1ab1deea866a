import { Inject, Injectable } from '@nestjs/common';
import { startRequirements } from '#experiments';
import { approvalRequired, designHash, readApproval } from '../experiments/approval.js';
import { ExperimentStore } from '../experiments/experiment-store.js';
import type { StoredExperiment } from '../experiments/experiment.mapper.js';
import { reachSchema } from '../experiments/reach.schemas.js';
import type { ReachBody } from '../experiments/reach.schemas.js';
import { ReachService } from '../experiments/reach.service.js';
import { Database } from '../persistence/database.js';
import { loadMetricCatalogue } from '../persistence/metric-catalogue.js';
import type { MetricCatalogue } from '../persistence/metric-catalogue.js';
import { PowerPlans } from '../reports/power-plans.js';
import { powerSchema } from '../reports/power.schemas.js';
import { bookings } from './calendar.js';
import { clashesOf } from './clashes.js';
import type { ClashReason } from './clashes.js';

const DEFAULT_LIFT = 0.05;

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
    @Inject(ReachService) private readonly reach: ReachService,
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
      await this.reaches(experiment, now),
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

  /** By the count of the create form, so that both say the same. */
  private async reaches(experiment: StoredExperiment, now: Date): Promise<CheckItem> {
    const item = (status: CheckItem['status'], text: string): CheckItem => ({
      ...{ code: 'targeting', level: 'advised', status, text },
    });
    const { unitType } = experiment;
    const { steps, perDay, unknown } = await this.reach.estimate(questionOf(experiment), now.getTime());
    const unitsAt = (wanted: string): number => steps.find(({ step }) => step === wanted)?.units ?? 0;
    const [asked, targeted] = [unitsAt('asked'), unitsAt('targeting')];
    if (perDay === null || asked === 0) return item('unknown', unknown.join(' '));
    const some = (n: number): string => n.toLocaleString('en-US');
    if (targeted === 0)
      return item('fail', `The targeting matches none of the last ${some(asked)} ${unitType}s.`);
    const matches = `Matches ${((100 * targeted) / asked).toFixed(0)} % of recent ${unitType}s`;
    if (perDay.high === 0)
      return item(
        'fail',
        `${matches}, and none of them would take part: holdouts, older experiments or layers have them.`,
      );
    return item('pass', `${matches}: about ${some(perDay.mean)} a day would take part.`);
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
    const shared = namesOf('same-units');
    const [owners, strangers] = [namesOf('layer-full'), namesOf('layer-unit')];
    const texts = [
      ...(shared === ''
        ? []
        : [`Shares its surface and units with ${shared}: the older one gets them. Use one layer for both.`]),
      ...(owners === '' ? [] : [`Its layer has no room of the size it asks for; it belongs to ${owners}.`]),
      ...(strangers === ''
        ? []
        : [`Its layer deals by another kind of unit, that of ${strangers}: take another layer.`]),
    ];
    return {
      code: 'clash',
      // Without room in its layer, or where its layer deals otherwise, a start is refused.
      level: owners === '' && strangers === '' ? 'advised' : 'needed',
      status: found.length === 0 ? 'pass' : 'fail',
      text: texts.join(' ') || 'No other experiment wants the same units on this surface.',
    };
  }

  private async approved(experiment: StoredExperiment): Promise<CheckItem> {
    const shared = { code: 'approval' as const, level: 'needed' as const };
    if (!(await approvalRequired(this.db)))
      return { ...shared, status: 'pass', text: 'This project asks nobody to approve a start.' };
    const approval = await readApproval(this.db, experiment.key);
    const same = approval?.design === (await designHash(this.db, experiment));
    if (approval?.decision === 'approve' && same)
      return { ...shared, status: 'pass', text: `Approved by ${approval.decidedBy ?? 'somebody'}.` };
    const text =
      approval === null ? 'A second person has to approve the start.' : waiting(approval.decision, same);
    return { ...shared, status: 'fail', text };
  }
}

/** A draft's parts of layers are wishes: only their sizes count. */
function questionOf({ key, layer, layerRange, otherLayers = [], ...design }: StoredExperiment): ReachBody {
  const { surface, unitType, clusterBy, switchback, prerequisites, traffic, targeting, tags } = design;
  const shareOf = ([from, to]: readonly [number, number]): number | undefined =>
    to > from ? to - from : undefined;
  return reachSchema.parse({
    ...{ surface, unitType, clusterBy, switchback, prerequisites, traffic, targeting, tags },
    ...{ experiment: key, layer, layerShare: shareOf(layerRange) },
    otherLayers: otherLayers.map((one) => ({ layer: one.layer, share: shareOf(one.range) })),
  });
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
