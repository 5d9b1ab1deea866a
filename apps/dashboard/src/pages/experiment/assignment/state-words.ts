import type { AssignmentState } from '../../../api/assignment-health.js';

export const STATE: Record<AssignmentState, string> = {
  'two-arms': 'Units in several arms',
  'identity-switch': 'Identity switches',
  'late-fallback': 'Late and fallback exposures',
  'exposure-without-decision': 'Exposures without decision',
  'decision-without-exposure': 'Decisions without exposure',
};

/** States that a rule may leave out or keep. */
export const EXCLUDABLE = [
  'two-arms',
  'identity-switch',
  'late-fallback',
  'exposure-without-decision',
] as const satisfies readonly AssignmentState[];

const KIND: Readonly<Record<string, string>> = {
  'two-arms': 'seen in several arms',
  'two-ids': 'one person, two ids, one arm',
  'two-ids-two-arms': 'one person, two ids, two arms',
  'other-unit': 'exposure sent for another unit',
  'default-shown': 'the default was shown',
  late: 'late exposure',
  lost: 'decision not stored',
};

export const kindWords = (kind: string): string => KIND[kind] ?? kind;
