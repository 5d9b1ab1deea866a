import type {
  Condition,
  HealthStatus,
  Json,
  MetricRole,
  Slice,
  SteadyPeriod,
  VerdictKind,
} from '../api/types.js';
import { DASH } from './number.js';

/** One vocabulary of states for the whole dashboard. */
export const VERDICT: Record<VerdictKind, string> = {
  ship: 'Ship',
  wait: 'Keep running',
  'too-early': 'Too early to decide',
  stop: 'Stop',
  'fix-first': 'Do not decide: fix first',
  'no-data': 'No data yet',
};

export const HEALTH: Record<HealthStatus, string> = {
  pass: 'Healthy',
  warn: 'Warning',
  fail: 'Failing',
  unknown: 'Not known yet',
};

export const ROLE: Record<MetricRole, string> = {
  decision: 'Decision metric',
  secondary: 'Secondary',
  guardrail: 'Guardrail',
};

export const SLICE: Record<Slice, string> = {
  learning: 'The policy chooses and learns',
  exploration: 'Drawn uniformly, learned from',
  analysis: 'The policy chooses, never learns',
};

export const STEADY: Record<SteadyPeriod, string> = {
  decision: 'New draw at every request',
  hour: 'Same draw for an hour',
  day: 'Same draw for a day',
  week: 'Same draw for a week',
  always: 'Same draw always',
};

const REASON: Record<string, string> = {
  SPLIT: 'By the experiment’s split',
  POLICY: 'Chosen by a policy',
  SHIPPED: 'The shipped arm',
  HOLDOUT: 'Unit is in a holdout',
  NOT_ELIGIBLE: 'Targeting did not match',
  EXCLUDED: 'Outside the traffic share',
  NO_EXPERIMENT: 'No experiment applies',
  PAUSED: 'Experiment is paused',
  FALLBACK_ERROR: 'Fallback: the policy failed',
  FALLBACK_TIMEOUT: 'Fallback: the policy took too long',
  FALLBACK_INVALID: 'Fallback: invalid probabilities',
  FALLBACK_NO_SNAPSHOT: 'Fallback: no snapshot yet',
  UNKNOWN_SURFACE: 'Surface is not registered',
  NO_CANDIDATES: 'There was nothing to choose from',
  NOT_PERSONALISED: 'Not personalised, as the unit asked',
};

/** Plain words for a reason code; a code that is new to the dashboard stays readable. */
export function reason(code: string): string {
  return REASON[code] ?? code.toLowerCase().replaceAll('_', ' ');
}

/** `training_run.promoted` -> `Training run promoted`. */
export function humanise(code: string): string {
  const text = code.replaceAll(/[._-]+/g, ' ').trim();
  return text === '' ? DASH : text.charAt(0).toUpperCase() + text.slice(1);
}

/** A JSON value on one line; strings without quotes. */
export function json(value: Json | undefined): string {
  if (value === undefined) return DASH;
  if (typeof value === 'string') return value;
  return value === null ? 'null' : JSON.stringify(value);
}

const OPERATOR: Record<string, string> = {
  eq: 'is',
  ne: 'is not',
  in: 'is one of',
  notIn: 'is none of',
  lt: 'is less than',
  lte: 'is at most',
  gt: 'is more than',
  gte: 'is at least',
  exists: 'is known',
  notExists: 'is not known',
  contains: 'contains',
  startsWith: 'starts with',
  endsWith: 'ends with',
  inIgnoreCase: 'is one of (any case)',
  notInIgnoreCase: 'is none of (any case)',
  hasAll: 'has all of',
  hasAllIgnoreCase: 'has all of (any case)',
  matches: 'matches the pattern',
  matchesIgnoreCase: 'matches the pattern (any case)',
  isType: 'is of the type',
  sizeIs: 'has exactly this many entries:',
  sizeAtLeast: 'has at least this many entries:',
  sizeAtMost: 'has at most this many entries:',
  elemMatch: 'has an entry that matches',
  versionEq: 'is the version',
  versionNe: 'is not the version',
  versionLt: 'is a version before',
  versionLte: 'is at most the version',
  versionGt: 'is a version after',
  versionGte: 'is at least the version',
  inList: 'is on the list',
  notInList: 'is not on the list',
};

export function operator(key: string): string {
  return OPERATOR[key] ?? key;
}

function listed(value: Json | undefined): string {
  return Array.isArray(value) ? value.map((entry) => json(entry)).join(', ') : json(value);
}

/** A targeting condition as a sentence: `country is one of DE, FR and not (device is tv)`. */
export function conditionSentence(condition: Condition | null): string {
  if (condition === null) return 'Everyone';
  if ('all' in condition) return condition.all.map(nested).join(' and ') || 'Everyone';
  if ('any' in condition) return condition.any.map(nested).join(' or ') || 'Nobody';
  if ('not' in condition) return `not (${conditionSentence(condition.not)})`;
  if ('segment' in condition) {
    const version = condition.version === undefined ? '' : ` (version ${condition.version})`;
    return `in the segment ${condition.segment}${version}`;
  }
  const subject = condition.attribute === '$unit' ? 'the unit' : condition.attribute;
  const verb = `${subject} ${operator(condition.op)}`;
  return condition.op === 'exists' || condition.op === 'notExists'
    ? verb
    : `${verb} ${listed(condition.value)}`;
}

function nested(condition: Condition): string {
  const text = conditionSentence(condition);
  return 'all' in condition || 'any' in condition ? `(${text})` : text;
}
