export { DEFAULT_GUARD_PLAN, GUARD_ACTIONS, guardTests, judgeGuardrails, strongestAction } from './judge.js';
export type {
  GuardAction,
  GuardEvidence,
  GuardFinding,
  GuardPlan,
  GuardWatch,
  MetricEvidence,
} from './judge.js';
