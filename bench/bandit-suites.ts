import { banditSuites, judge } from '../libs/policies/src/suites/index.js';
import type { SuiteResult } from '../libs/policies/src/suites/index.js';
import { figureOf } from './figure.js';
import type { Figure } from './figure.js';

/**
 * Plays every suite of context-free and slate bandits in full, on one core. A figure is met when our mean is at most the
 * reference plus three combined standard errors; without a reference it is reported alone.
 */
export function benchBanditSuites(): Promise<Figure[]> {
  const figures = banditSuites.map((entry) => {
    const began = process.cpuUsage();
    const result = judge(entry);
    const { user, system } = process.cpuUsage(began);
    const seconds = (user + system) / 1e6;
    process.stderr.write(`  ${nameOf(result)}: ${result.ours.mean.toFixed(1)} in ${seconds.toFixed(1)} s\n`);
    return toFigure(result, seconds);
  });
  return Promise.resolve(figures);
}

const nameOf = ({ suite, policy, setting }: SuiteResult): string =>
  [suite, policy, setting].filter((part) => part !== '').join(', ');

function toFigure(result: SuiteResult, seconds: number): Figure {
  const { ours, reference, bound, measure } = result;
  return figureOf(
    {
      key: nameOf(result),
      title: nameOf(result),
      unit: `${measure} +- ${ours.se.toFixed(1)}`,
      value: ours.mean,
      ceiling: null,
      target: { of: 'value', atMost: bound ?? Number.MAX_VALUE },
    },
    {
      runs: ours.runs,
      reference: reference ? `${reference.mean} +- ${reference.se ?? '?'}` : 'none',
      'processor s': seconds,
    },
  );
}
