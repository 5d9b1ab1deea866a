import type { Condition, Json } from './types.js';

/** Shapes of decisions, policies and operations; re-exported by types.ts. */
export interface RewardMeasure {
  outcomes: {
    name: string;
    value: 'one' | 'value';
    of?: 'decision' | 'unit' | 'item';
    min?: number;
    max?: number;
    scale?: number;
  }[];
  combine: 'max' | 'sum' | 'any';
  default?: number;
  min?: number;
  max?: number;
}

export interface RewardDefinition extends RewardMeasure {
  /** What else is measured of the same decision, by name. */
  signals?: Record<string, RewardMeasure>;
  /** The reward is the outcome minus what is expected without showing. */
  incremental?: { by: string[] };
}

export interface PolicyBody {
  id: string;
  key: string;
  title: string;
  params: Record<string, Json>;
  exploration: { key: string; params: Record<string, Json> } | null;
  floor: number;
  reward: RewardDefinition | null;
  /** In a request: the key of a ready-made reward, in place of `reward` and `windowSeconds`. */
  rewardPreset?: string | null;
  windowSeconds: number;
  graceSeconds?: number;
  learning: boolean;
}

export interface Policy extends PolicyBody {
  /** Asked about every decision without serving; version null: whichever serves. */
  shadow: { policyId: string; version: number | null } | null;
  /** Share of single choices that is not shown, to measure what showing brings. */
  withhold?: { share: number; steadyFor: string } | null;
  /** Of policies that learn in training runs; null: the defaults, and no schedule. */
  training?: {
    schedule: { at: string; timeZone: string } | null;
    promote: 'auto' | 'manual';
    /** Every so many nights from nothing, else with the weights that serve. */
    fromScratchEvery?: number;
    memoryMb: number;
  } | null;
  /** Nothing new of it serves before the off-policy gate has said yes. */
  gateRequired?: boolean;
  /** Raised by every change of the configuration; sent as If-Match. */
  revision?: number;
  learns: 'online' | 'batch' | 'never';
  servingVersion: number | null;
  latestVersion: number | null;
  createdAt: string;
  updatedAt: string;
  usedBy: string[];
  pendingRewards: number;
  lastLearnedAt: string | null;
}

export interface Snapshot {
  version: number;
  status: 'accepted' | 'rejected' | 'candidate';
  serving: boolean;
  reason: string | null;
  rowsUsed: number;
  meanReward: number | null;
  learnedThrough: string | null;
  evaluation: Record<string, Json> | null;
  createdAt: string;
  sha256: string;
}

export interface PolicyAllocation {
  actions: string[];
  points: { at: string; counts: Record<string, number>; decisions: number; version: number | null }[];
}

export interface PolicyAction {
  id: string;
  title: string;
  decisions: number;
  rewarded: number;
  meanReward: number | null;
  ipwMean: number | null;
  ipwLower: number | null;
  ipwUpper: number | null;
  probabilityNow: number | null;
  firstSeen: string | null;
  status: 'warm-up' | 'active' | 'frozen' | 'retired';
}

export interface ActionEstimate {
  estimate: number | null;
  standardError: number | null;
  lower: number | null;
  upper: number | null;
}

export interface ActionValue {
  id: string;
  title: string;
  /** Decisions that could have served it, and those that did. */
  candidate: number;
  served: number;
  share: number;
  leastPropensity: number | null;
  naiveMean: number | null;
  value: ActionEstimate;
  /** Less the reference; null for the reference itself. */
  difference: ActionEstimate | null;
  reason: 'few_servings' | 'never_possible' | null;
}

export interface ActionValues {
  from: string;
  to: string;
  alpha: number;
  decisions: number;
  rewarded: number;
  sample: boolean;
  leftOut: number;
  /** Rewards of another definition, or without a lot where the reward is incremental; absent: none. */
  otherRewards?: number;
  reference: string | null;
  referenceIs: 'asked-for' | 'highest-value' | null;
  actionsLeftOut: number;
  items: ActionValue[];
}

export interface TrainingRun {
  id: string;
  status: 'queued' | 'running' | 'succeeded' | 'failed';
  progress: number;
  seed: number | string | null;
  params?: Record<string, Json>;
  cutAt: string | null;
  evaluation: Record<string, Json> | null;
  /** What the model reported: the fit that is judged, then the final one on everything. */
  curve: { fit: 'judged' | 'final'; epoch: number; loss?: number; validation?: number }[];
  data: { from: string; to: string; rows: number; units: number; items: number } | null;
  trigger: 'person' | 'schedule';
  snapshotVersion: number | null;
  error: string | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface Decision {
  id: string;
  at: string;
  unitId: string;
  unitType: string;
  surface: string;
  subject: string | null;
  experiment: string | null;
  arm: string | null;
  phase: number | null;
  kind: 'value' | 'action' | 'slate';
  value: Json;
  action: string | null;
  /** As chosen; `lot` and `withheld` where a lot was drawn, `instead` what was shown in its place. */
  slate: { id: string; propensity: number; lot?: number; withheld?: true; instead?: string }[] | null;
  /** True: something that was chosen was not shown, by lot. */
  withheld?: boolean | null;
  propensity: number;
  armPropensity: number;
  policy: { id: string; key: string; version: number } | null;
  candidates: string[];
  probabilities: number[] | null;
  context: Record<string, Json>;
  seed: string | number | null;
  reason: string;
  fallback: string | null;
  holdout: string | null;
  exposed: boolean;
  latencyMicros: number | null;
}

export interface TargetingClause {
  clause: string | Json;
  actual: Json;
  expected: Json;
  passed: boolean;
}

export interface ServedEvent {
  id: string;
  kind: 'exposure' | 'outcome';
  unitId: string;
  at: string;
  receivedAt: string;
  decisionId: string | null;
  name: string | null;
  value: number | null;
  actionId: string | null;
  itemId: string | null;
  position: number | null;
  properties: Record<string, Json> | null;
}

export interface DecisionDetail extends Decision {
  /** Said where the path could not be followed again in full. */
  pathNote?: string | null;
  path: { step: string; experiment: string | null; passed: boolean; bucket: number | null; detail: string }[];
  targeting: TargetingClause[];
  candidatesDetail: {
    id: string;
    title: string;
    features: Record<string, Json>;
    probability: number | null;
    chosen: boolean;
    position: number | null;
    propensity: number | null;
    score: number | null;
    mean: number | null;
    sd: number | null;
    own: number | null;
    explored: number | null;
    eligible: boolean | null;
    limitedBy: string[];
  }[];
  sentence: string;
  parentId: string | null;
  /** From the top of the page down to this decision. */
  stack: { id: string; surface: string; chosen: Json; propensity: number }[];
  /** Null when a parent is unknown. */
  jointPropensity: number | null;
  outcomes: ServedEvent[];
  reward: { value: number; settledAt: string; version: number | null } | { pendingUntil: string } | null;
  replay: { identical: boolean; detail: string } | null;
  /** Of a slate, place by place; null for other kinds, and where it cannot be asked for again. */
  slateLaw?: {
    places: { id: string; conditional: number; prefix: number; marginal: number; inSlate: number }[];
    method: 'subsets' | 'quadrature' | 'monte-carlo';
    standardError: number;
  } | null;
}

export interface Operations {
  queues: {
    name: string;
    waiting: number;
    active: number;
    delayed: number;
    failed: number;
    oldestAgeSeconds: number | null;
  }[];
  rates: { decisionsPerMinute: number; eventsPerMinute: number; fallbackShare: number | null };
  spool: { pending: number; oldestAgeSeconds: number | null };
  quarantine: { count: number };
  policies: {
    id: string;
    servingVersion: number | null;
    snapshotAgeSeconds: number | null;
    pendingRewards: number;
    audit?: { status: 'ok' | 'too-few' | 'alarm' | 'failed'; at: string; reasons: string[] } | null;
  }[];
  database: { ok: boolean; sizeBytes: number | null };
  processes: { role: string; startedAt: string; lastSeenAt: string }[];
  killSwitch: boolean;
}

export interface QuarantinedEvent {
  id: string;
  receivedAt: string;
  reason: string;
  payload: Json;
  attempts: number;
}

export type KeyRole = 'publishable' | 'secret' | 'admin';

export interface ApiKey {
  id: string;
  name: string;
  role: KeyRole;
  prefix: string;
  createdAt: string;
  revokedAt?: string | null;
  lastUsedAt?: string | null;
}

export type CreatedKey = ApiKey & { key: string };

export interface AuditEntry {
  id: string;
  at: string;
  actor: string;
  action: string;
  entity: string;
  entityKey: string;
  before: Json;
  after: Json;
  requestId: string | null;
}

export interface Holdout {
  key: string;
  title: string;
  share: number;
  surfaces: string[] | null;
  unitType: string;
  enabled: boolean;
  /** Null or absent: it withholds every experiment. */
  tags?: string[] | null;
  /** Requests that meet it are not held out. */
  except?: Condition | null;
  revision?: number;
}
