import { pValueText } from '../prose.js';
import { defineCheck, worstOf } from './define-check.js';

const FAIL_BELOW = 0.001;

export const covariateBalanceCheck = defineCheck({
  key: 'covariate-balance',
  title: 'Balance before exposure',
  description: 'Before exposure the arms should not differ: an A/A test of the covariates.',
  rule: 'Warns when a covariate differs between arms with p below 0.001, corrected for the number of comparisons (Bonferroni).',
  threshold: FAIL_BELOW,
  causes: [
    'Units are lost in one arm: see the sample ratio',
    'The covariate reaches into the time after exposure',
    'Carry-over of an earlier experiment with the same salt',
  ],
  next: [
    'Do not trust the adjusted result before this is clear',
    'Start again with a new salt if an earlier experiment carries over',
  ],
  judge({ balance }) {
    const worst = worstOf(balance ?? [], ({ pValue }) => -pValue);
    if (!balance || !worst) return null;
    const adjusted = Math.min(1, worst.pValue * balance.length);
    const off = adjusted < FAIL_BELOW;
    return {
      status: off ? 'warn' : 'pass',
      value: adjusted,
      unitsAffected: off ? worst.units : null,
      explanation: off
        ? `${worst.metric} differed in ${worst.arm} already before exposure (${pValueText(adjusted)} corrected).`
        : `The arms did not differ before exposure in ${balance.length} comparison${balance.length === 1 ? '' : 's'} (${pValueText(adjusted)} corrected).`,
    };
  },
});
