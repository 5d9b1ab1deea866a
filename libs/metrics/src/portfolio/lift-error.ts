import type { MetricDefinition, Moments } from '../contract.js';
import { contrast } from '../contrast.js';
import { deltaLift } from '../fieller.js';
import type { EstimatedEffect } from './between-variance.js';

/**
 * Relative lift of one comparison with its standard error (delta method), adjusted by the covariate where there is
 * one; null where it cannot be computed.
 */
export function liftOf(
  control: Moments,
  treatment: Moments,
  kind: MetricDefinition['kind'],
): EstimatedEffect | null {
  const found = contrast(control, treatment, { kind, adjust: true });
  const lift = found.ok ? deltaLift(found.contrast) : null;
  if (!lift || !(lift.standardError > 0)) return null;
  const { estimate: effect, standardError } = lift;
  return Number.isFinite(effect) && Number.isFinite(standardError) ? { effect, standardError } : null;
}
