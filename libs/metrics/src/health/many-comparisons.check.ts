import { defineCheck } from './define-check.js';

const MOST = 20;

export const manyComparisonsCheck = defineCheck({
  key: 'many-comparisons',
  title: 'Many comparisons',
  description: 'Among many comparisons some differ by chance.',
  rule: 'Warns when metrics times segments to choose from exceed 20.',
  threshold: MOST,
  warning: 'MANY',
  causes: ['Many metrics', 'A segment that was picked among many'],
  next: [
    'Read corrected p-values (Benjamini-Hochberg), not single intervals',
    'Treat what stands out in one segment as a question for the next experiment',
  ],
  judge({ metricsLookedAt, segmentsLookedAt }) {
    if (metricsLookedAt === undefined) return null;
    const segments = segmentsLookedAt ?? 1;
    const comparisons = metricsLookedAt * segments;
    const text = `${metricsLookedAt} metrics × ${segments} segment${segments === 1 ? '' : 's'} = ${comparisons} comparisons`;
    return {
      status: comparisons > MOST ? 'warn' : 'pass',
      value: comparisons,
      explanation:
        comparisons > MOST
          ? `${text} to choose from: about ${Math.round(comparisons / 20)} would look clear at 5 % by chance.`
          : `${text}.`,
    };
  },
});
