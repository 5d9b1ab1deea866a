import type { Context } from '#experiments';
import type { FeatureGuard } from '../persistence/feature-guard.js';
import type { TreatmentsRequest } from './serve-treatments.js';

export interface ToldRequest {
  /** With the context that policies may be told. */
  readonly request: Omit<TreatmentsRequest, 'requests'>;
  /** All that the client said; experiments may be targeted by it. */
  readonly said: Context;
  /** What no policy is told; null: nothing. */
  readonly audit: Context | null;
}

/** @param known false: nothing is kept of a unit that asked not to be known. */
export function toldRequest(
  guard: FeatureGuard,
  request: Omit<TreatmentsRequest, 'requests'>,
  known: boolean,
): ToldRequest {
  const said = request.context;
  const { context, audit } = guard.tell(said, request.unitId);
  return { request: context === said ? request : { ...request, context }, said, audit: known ? audit : null };
}
