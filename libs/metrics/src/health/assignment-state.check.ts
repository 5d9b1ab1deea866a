import type { HealthCheck } from '../contract.js';
import { percent } from '../prose.js';
import { ASSIGNMENT_STATE_TEXTS } from './assignment-states.js';
import type { ExcludableState } from './assignment-states.js';
import { defineCheck, shareOf, units } from './define-check.js';

/** Fewer units than this are no alarm, whatever their share. */
const MIN_COUNT = 10;

/**
 * An alarm on too many units in a state of faulty assignment. It informs: whether the arms are still comparable is for the
 * sample ratio with and without these units to say.
 */
function stateCheck(key: Exclude<ExcludableState, 'two-arms'>, keyOfCheck: string): HealthCheck {
  const { title, meaning, causes, next } = ASSIGNMENT_STATE_TEXTS[key];
  return defineCheck({
    key: keyOfCheck,
    title,
    description: meaning,
    rule: 'Warns when the share of units that the rules of the experiment name, and at least 10, are in this state.',
    causes,
    next,
    judge({ assignment, totalUnits }) {
      const found = assignment?.states.find(({ state }) => state === key);
      if (!assignment || !found) return null;
      if (totalUnits === 0)
        return { status: 'unknown', value: 0, unitsAffected: 0, explanation: 'No units yet.' };
      const threshold = assignment.rules.thresholds[key];
      const share = shareOf(found.units, totalUnits);
      const treated = assignment.rules.exclude[key] ? 'they are left out' : 'they count as others do';
      return {
        status: share >= threshold && found.units >= MIN_COUNT ? 'warn' : 'pass',
        value: share,
        threshold,
        unitsAffected: found.units,
        explanation: `${units(found.units)} of ${totalUnits.toLocaleString('en-US')} (${percent(share, 2)}); ${treated}.`,
      };
    },
  });
}

export const identitySwitchCheck = stateCheck('identity-switch', 'identity-switch');
export const lateFallbackCheck = stateCheck('late-fallback', 'late-fallback');
export const unitsWithoutDecisionCheck = stateCheck('exposure-without-decision', 'units-without-decision');
