import { SILENT_ACTION } from '#policies';
import { Problem } from '../http/problem.js';
import type { RewardDefinition } from './reward.js';

const MESSAGES = 'notifications';
const RULES = 'contact-rules';

interface Setup {
  readonly params: unknown;
  readonly reward: RewardDefinition | null;
  readonly learning: boolean;
}

interface Worn {
  readonly silent?: string;
  readonly wrappers?: readonly { readonly key: string; readonly params?: { readonly silent?: string } }[];
}

/**
 * @throws Problem 400 where a policy that sends messages would do harm: without rules about consent, caps and quiet hours, or
 *   learning from openings and plays that would have come anyway.
 */
export function checkMessages(key: string, { params, reward, learning }: Setup): void {
  if (key !== MESSAGES) return;
  checkRules(params);
  if (learning && reward !== null && !reward.incremental)
    throw Problem.invalid(
      '/reward/incremental',
      'needs_incremental',
      'messages are learned by what they bring beyond what happens anyway; set incremental to {}, and withhold',
    );
}

function checkRules(params: unknown): void {
  const { silent = SILENT_ACTION, wrappers = [] } = (params ?? {}) as Worn;
  const at = wrappers.findIndex((one) => one.key === RULES);
  if (at < 0)
    throw Problem.invalid(
      '/params/wrappers',
      'needs_contact_rules',
      `messages need rules about consent, caps and quiet hours; add {"key": "${RULES}"}, outermost`,
    );
  const { silent: own = SILENT_ACTION } = wrappers[at]?.params ?? {};
  if (own !== silent)
    throw Problem.invalid(
      `/params/wrappers/${at}/params/silent`,
      'other_silent_action',
      `the rules leave "${own}" where nothing may be sent, and the policy takes "${silent}" for sending nothing`,
    );
}
