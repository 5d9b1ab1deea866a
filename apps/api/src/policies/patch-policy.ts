import type { Json } from '#experiments';
import { DomainError } from '#experiments';
import { policyRegistry } from '#policies';
import type { Acting } from '../http/acting.js';
import type { Sql } from '../persistence/database.js';
import { gateChange } from '../off-policy/traffic-gate.js';
import type { GatePass } from '../off-policy/traffic-gate.js';
import { checkNamedFeatures } from '../persistence/feature-check.js';
import { checkSetup } from './check-setup.js';
import { checkSteadyLot } from './withhold-check.js';
import type { PolicyRow } from './policy-row.js';
import type { PatchPolicy } from './policy.schemas.js';
import { keepRewardVersion, resolveReward } from './reward-versions.js';
import { checkShadow } from './shadow-check.js';
import { checkTraining } from './training-check.js';

/** What can be changed about a policy, by field and column. */
const COLUMNS = {
  title: 'title',
  params: 'params',
  exploration: 'exploration',
  floor: 'floor',
  reward: 'reward',
  windowSeconds: 'window_seconds',
  graceSeconds: 'grace_seconds',
  learning: 'learning',
  shadow: 'shadow',
  withhold: 'withhold',
  gateRequired: 'gate_required',
  training: 'training',
} as const;
const JSON_FIELDS: ReadonlySet<string> = new Set([
  'params',
  'exploration',
  'reward',
  'shadow',
  'withhold',
  'training',
]);

type Fields = Omit<PatchPolicy, 'overrideGate' | 'rewardPreset'>;

/**
 * Writes a patch to a policy whose row is locked. What the patch does not name stays: fields, parameters (null takes one
 * away), those of the exploration as long as its key stays, and for how long a withheld lot is kept.
 * @param gate asked before anything is written; throws where the change may not take traffic.
 * @throws Problem 400 for what does not fit together, 409 `gate_closed`.
 */
export async function applyPatch(
  tx: Sql,
  row: PolicyRow,
  { overrideGate, ...patch }: PatchPolicy,
  acting: Acting,
  gate: (sql: Sql, row: PolicyRow, fields: Fields, pass: GatePass) => Promise<void> = gateChange,
): Promise<void> {
  const fields = merged(row, resolveReward(patch));
  const setup = {
    params: fields.params ?? row.params,
    exploration: fields.exploration ?? row.exploration,
    reward: fields.reward === undefined ? row.reward : fields.reward,
    windowSeconds: fields.windowSeconds ?? row.window_seconds,
    graceSeconds: fields.graceSeconds ?? row.grace_seconds,
    learning: fields.learning ?? row.learning,
    withhold: fields.withhold === undefined ? row.withhold : fields.withhold,
  };
  checkSetup(row.key, setup);
  // Where an older policy keeps its lots too short a time, other fields of it can still be changed.
  if (fields.withhold !== undefined || fields.windowSeconds !== undefined) checkSteadyLot(setup);
  if (fields.params !== undefined) await checkNamedFeatures(tx, row.key, fields.params);
  checkTraining(row.key, fields.training);
  await checkShadow(tx, row.id, fields.shadow);
  await gate(tx, row, fields, { reason: overrideGate, acting });
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  const sets = entries.map(([field], i) => {
    const column = COLUMNS[field as keyof typeof COLUMNS];
    return `${column} = $${i + 2}${JSON_FIELDS.has(field) ? '::jsonb' : ''}`;
  });
  const values = entries.map(([field, value]) =>
    JSON_FIELDS.has(field) && value !== null ? JSON.stringify(value) : value,
  );
  await tx.query(
    `update policy set ${[...sets, 'revision = revision + 1', 'updated_at = now()'].join(', ')} where id = $1`,
    [row.id, ...values],
  );
  await keepRewardVersion(tx, row.id, row);
}

/** The patch with what it leaves out of its fields taken from the policy. */
function merged(row: PolicyRow, patch: Fields) {
  const { params, exploration, withhold, ...rest } = patch;
  const sameKey = exploration?.key === row.exploration.key;
  return {
    ...rest,
    ...(params === undefined ? {} : { params: mergedParams(row, params) }),
    ...(exploration === undefined
      ? {}
      : {
          exploration: {
            key: exploration.key,
            params: exploration.params ?? (sameKey ? (row.exploration.params ?? {}) : {}),
          },
        }),
    ...(withhold === undefined
      ? {}
      : {
          withhold: withhold && {
            share: withhold.share,
            steadyFor: withhold.steadyFor ?? row.withhold?.steadyFor ?? ('always' as const),
          },
        }),
  };
}

/**
 * JSON merge patch (RFC 7396) of the first level: a parameter that is null is left out and has its default again, unless
 * null is one of its values.
 */
function mergedParams(row: PolicyRow, given: Readonly<Record<string, Json>>): Record<string, Json> {
  let params: Record<string, Json> = { ...row.params, ...given };
  const removable = new Set(Object.keys(given).filter((name) => given[name] === null));
  for (;;) {
    const refused = refusedIn(row.key, params);
    if (refused === null || !removable.delete(refused)) return params;
    params = Object.fromEntries(Object.entries(params).filter(([name]) => name !== refused));
  }
}

/** The first parameter that the policy's schema does not take; null: it takes them all, or cannot say. */
function refusedIn(key: string, params: Readonly<Record<string, Json>>): string | null {
  try {
    policyRegistry.find(key)?.params.parse(params);
    return null;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return error.pointer?.split('/')[1] ?? null;
  }
}
