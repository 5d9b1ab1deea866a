import type { Command } from 'commander';
import { registerReferenceCommand } from './reference/cases.js';
import { verifyPropensity } from './reference/propensity.js';

/** `marquee verify propensity FILE`. */
export function registerVerifyPropensity(verify: Command): void {
  registerReferenceCommand(
    verify,
    'propensity',
    'check the probabilities of exploration rules against exact references',
    verifyPropensity,
  );
}
