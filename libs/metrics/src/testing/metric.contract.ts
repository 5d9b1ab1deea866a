import { describe, expect, it } from '@jest/globals';
import type { MetricDefinition } from '../contract.js';
import { metricProblems } from '../definitions/metric-problems.js';

/** What every metric definition has to satisfy. */
export function describeMetricContract(metric: MetricDefinition): void {
  describe(`metric contract: ${metric.key}`, () => {
    it('is complete and consistent', () => {
      expect(metricProblems(metric)).toEqual([]);
    });

    it('is plain data, so that the API can hand it out as it is', () => {
      expect(JSON.parse(JSON.stringify(metric))).toEqual(metric);
    });
  });
}
