import type { Assignment, Slice } from '#experiments';
import type { Asked } from './serve-treatments.js';
import { steadyPeriod } from './steady-seed.js';
import type { LotParts } from './withhold.js';

export type PolicyTreatment = {
  readonly policyId: string;
  readonly steadyFor: Parameters<typeof steadyPeriod>[0];
  readonly slice?: Slice | undefined;
};

/** What a policy's draw is seeded with, besides the policy. */
export const seedParts = (
  { request, wanted, known, now, id }: Asked,
  { experiment }: Assignment,
  { steadyFor }: PolicyTreatment,
) => ({
  salt: experiment?.salt ?? '',
  // One draw for all who are not known: it would be odd to tell them apart by it.
  unitId: known ? request.unitId : '',
  surface: wanted.surface,
  subject: wanted.subject,
  period: steadyPeriod(steadyFor, now, id, request.leastSteady),
});

/** What the lot of an action is drawn from. */
export const lotParts = (
  { request, wanted, now, id }: Asked,
  { policyId }: PolicyTreatment,
  action: string,
): LotParts => ({
  policyId,
  unitId: request.unitId,
  surface: wanted.surface,
  subject: wanted.subject,
  action,
  at: now,
  decisionId: id,
});
