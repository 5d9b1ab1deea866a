import type { Assignment, Surface } from '#experiments';
import type { Choice } from './choice.js';
import { actionShown, slateShown, withheldMark } from './deal.js';
import type { Treatment, TreatmentRequest } from './serve-treatments.js';

/** One shape for all kinds, which is fast to build; fields that do not apply are undefined and leave no trace in JSON. */
export function treatmentOf(
  id: string,
  wanted: TreatmentRequest,
  surface: Surface,
  assignment: Assignment,
  choice: Choice,
): Treatment {
  const { kind } = surface;
  return {
    decisionId: id,
    surface: wanted.surface,
    subject: wanted.subject ?? undefined,
    experiment: assignment.experiment?.key ?? null,
    arm: assignment.arm?.key ?? null,
    kind,
    value: kind === 'value' ? choice.chosen : undefined,
    action: kind === 'action' ? actionShown(choice) : undefined,
    slate: kind === 'slate' ? slateShown(choice) : undefined,
    propensity: choice.propensity,
    policy: choice.policy === null ? null : { key: choice.policy.config.key, version: choice.policy.version },
    reason: choice.reason,
    unit: assignment.unit,
    withheld: kind === 'action' ? withheldMark(choice) : undefined,
    nextSession: choice.nextSession,
    contact: choice.contact,
  };
}
