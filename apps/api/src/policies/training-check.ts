import { policyRegistry } from '#policies';
import { Problem } from '../http/problem.js';
import type { TrainingSettings } from './training-settings.js';

/** @throws Problem 400 where training is set up for a policy that has no training runs. */
export function checkTraining(key: string, training: TrainingSettings | null | undefined): void {
  if (!training || policyRegistry.find(key)?.learns === 'batch') return;
  throw Problem.invalid(
    '/training',
    'not_trainable',
    `"${key}" does not learn in training runs; only null is allowed`,
  );
}
