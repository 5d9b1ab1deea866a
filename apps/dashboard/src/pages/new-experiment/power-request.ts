import { useState } from 'react';
import type { PowerRequest } from '../../api/types-power.js';
import type { ExperimentDraft } from './draft.js';
import { slug } from '../../format/slug.js';

/** What the panel asks beside the draft; percentages as they are typed, null: left to history or to the default. */
export interface PowerInputs {
  /** Null: the smallest lift that matters of the metric. */
  liftPercent: number | null;
  alphaPercent: number;
  powerPercent: number;
  estimator: string;
  looks: number;
  guessMean: number | null;
  guessDeviation: number | null;
  guessPerDay: number | null;
  correlation: number | null;
  clusterSize: number | null;
  clusterCorrelation: number | null;
  rampPercent: number | null;
  rampDays: number | null;
}

export const DEFAULT_LIFT_PERCENT = 5;

const DEFAULTS: PowerInputs = {
  liftPercent: null,
  alphaPercent: 5,
  powerPercent: 80,
  estimator: '',
  looks: 5,
  guessMean: null,
  guessDeviation: null,
  guessPerDay: null,
  correlation: null,
  clusterSize: null,
  clusterCorrelation: null,
  rampPercent: null,
  rampDays: null,
};

export function usePowerInputs(): [PowerInputs, (change: Partial<PowerInputs>) => void] {
  const [inputs, setInputs] = useState(DEFAULTS);
  return [inputs, (change) => setInputs((current) => ({ ...current, ...change }))];
}

function guessOf(inputs: PowerInputs, share: boolean): PowerRequest['guess'] {
  const { guessMean, guessDeviation, guessPerDay } = inputs;
  if (guessMean === null || guessMean === 0) return undefined;
  return {
    mean: share ? guessMean / 100 : guessMean,
    ...(guessDeviation === null || share ? {} : { standardDeviation: guessDeviation }),
    ...(guessPerDay === null ? {} : { unitsPerDay: guessPerDay }),
  };
}

/**
 * The request of a draft; null while there is nothing to plan: no metric, or arms without weight.
 * @param traffic share of the surface's units that take part.
 */
export function powerRequest(
  draft: ExperimentDraft,
  inputs: PowerInputs,
  share: boolean,
  traffic: number,
): PowerRequest | null {
  const lift = inputs.liftPercent ?? DEFAULT_LIFT_PERCENT;
  const arms = draft.arms
    .filter((arm) => arm.weight > 0)
    .map(({ key, title, weight, isControl }) => ({ key: key || slug(title), weight, isControl }));
  const usable = arms.length >= 2 && arms.filter((arm) => arm.isControl).length === 1;
  if (draft.decisionMetric === '' || !usable || arms.some(({ key }) => key === '') || !(lift > 0))
    return null;
  const guess = guessOf(inputs, share);
  return {
    metric: draft.decisionMetric,
    ...(draft.surface === '' ? {} : { surface: draft.surface }),
    ...(guess === undefined ? {} : { guess }),
    minimumLift: lift / 100,
    alpha: inputs.alphaPercent / 100,
    power: inputs.powerPercent / 100,
    arms,
    ...methodOf(inputs),
    ...refinementsOf(inputs),
    traffic: Math.min(1, Math.max(0.0001, traffic)),
    days: draft.minimumDays,
  };
}

function methodOf({ estimator, looks }: PowerInputs): Pick<PowerRequest, 'estimator' | 'looks'> {
  if (estimator === '') return {};
  return { estimator, ...(estimator === 'group-sequential' ? { looks } : {}) };
}

function refinementsOf(inputs: PowerInputs): Partial<PowerRequest> {
  const { correlation, clusterSize: size, clusterCorrelation, rampPercent, rampDays } = inputs;
  return {
    ...(correlation === null ? {} : { covariateCorrelation: correlation }),
    ...(size === null || clusterCorrelation === null
      ? {}
      : { cluster: { size, correlation: clusterCorrelation } }),
    ...(rampPercent === null || rampDays === null
      ? {}
      : { ramp: { share: rampPercent / 100, days: rampDays } }),
  };
}
