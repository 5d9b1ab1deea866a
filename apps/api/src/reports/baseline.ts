import { Problem } from '../http/problem.js';
import type { ReportedExperiment } from './report-store.js';

/**
 * The arm that others are compared with: the wanted one, or the control.
 * @throws Problem 400 where the wanted one is no arm of the experiment.
 */
export function baselineOf({ arms }: ReportedExperiment, wanted: string | undefined): string {
  if (wanted !== undefined && !arms.some(({ key }) => key === wanted)) {
    const known = arms.map(({ key }) => key).join(', ');
    throw Problem.invalid('/baseline', 'unknown_arm', `must be an arm of the experiment: ${known}`);
  }
  return wanted ?? arms.find(({ isControl }) => isControl)?.key ?? arms[0]?.key ?? '';
}
