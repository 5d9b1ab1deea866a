import type { Command } from 'commander';
import { registerReferenceCommand } from './reference/cases.js';
import { verifySlate } from './reference/slate.js';

/** `marquee verify slate FILE`. */
export function registerVerifySlate(verify: Command): void {
  registerReferenceCommand(
    verify,
    'slate',
    'check off-policy estimators of slates against a reference log with known truth',
    verifySlate,
  );
}
