import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '#experiments';
import { explorationRegistry, policyRegistry } from '#policies';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql, Transaction } from '../persistence/database.js';
import { gateChange } from '../off-policy/traffic-gate.js';
import { lockPolicy } from './policy-row.js';
import type { PolicyRow } from './policy-row.js';
import type { RewardDefinition } from './reward.js';
import { checkBudget } from './budget-check.js';
import { checkTraining } from './training-check.js';
import { checkSignals } from './signals-check.js';
import { checkShadow } from './shadow-check.js';
import { checkWithhold } from './withhold-check.js';
import type { Withhold } from '../persistence/withhold.js';
import { readPolicyViews } from './policy.mapper.js';
import type { PolicyView } from './policy.mapper.js';
import type { CreatePolicy, PatchPolicy, RelearnBody } from './policy.schemas.js';
import {
  checkRewardWindow,
  keepRewardVersion,
  readRewardVersions,
  resolveReward,
  settleAgain,
} from './reward-versions.js';
import type { RewardVersionView } from './reward-versions.js';

/** What can be configured about a policy, by field and column. */
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
const DEFAULT_WINDOW = 3600;
const JSON_FIELDS: ReadonlySet<string> = new Set([
  'params',
  'exploration',
  'reward',
  'shadow',
  'withhold',
  'training',
]);

/** Use cases of configuring policies: validated by the registries, audited, told to every process. */
@Injectable()
export class PoliciesService {
  constructor(@Inject(Database) private readonly db: Database) {}

  async list(): Promise<{ items: PolicyView[] }> {
    return { items: await readPolicyViews(this.db) };
  }

  get(id: string): Promise<PolicyView> {
    return viewOf(this.db, id);
  }

  create(body: CreatePolicy, acting: Acting): Promise<PolicyView> {
    return this.db.transaction(async (tx) => {
      const { id, key, ...given } = resolveReward(body);
      const { reward = null, windowSeconds = DEFAULT_WINDOW } = given;
      const fields = { ...given, reward, windowSeconds };
      checkSetup(key, fields);
      checkTraining(key, fields.training);
      await checkShadow(tx, id, fields.shadow);
      const inserted = await tx.query(
        `insert into policy (id, key, title, params, exploration, floor, reward, window_seconds, grace_seconds, learning,
           shadow, gate_required, withhold, training)
         values ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7::jsonb, $8, $9, $10, $11::jsonb, $12, $13::jsonb, $14::jsonb)
         on conflict do nothing returning id`,
        [
          id,
          key,
          fields.title,
          JSON.stringify(fields.params),
          JSON.stringify(fields.exploration),
          fields.floor,
          jsonOrNull(fields.reward),
          fields.windowSeconds,
          fields.graceSeconds,
          fields.learning,
          jsonOrNull(fields.shadow),
          fields.gateRequired,
          jsonOrNull(fields.withhold),
          jsonOrNull(fields.training),
        ],
      );
      if (inserted.length === 0) throw Problem.conflict('duplicate_key', `A policy "${id}" exists already`);
      await keepRewardVersion(tx, id, null);
      return record(tx, acting, 'create', null, id);
    });
  }

  patch(id: string, body: PatchPolicy, acting: Acting): Promise<PolicyView> {
    return change(this.db, id, acting, 'change', async (tx, row) => {
      const { overrideGate, ...patch } = body;
      const fields = resolveReward(patch);
      checkSetup(row.key, {
        params: fields.params ?? row.params,
        exploration: fields.exploration ?? row.exploration,
        reward: fields.reward === undefined ? row.reward : fields.reward,
        windowSeconds: fields.windowSeconds ?? row.window_seconds,
        graceSeconds: fields.graceSeconds ?? row.grace_seconds,
        learning: fields.learning ?? row.learning,
        withhold: fields.withhold === undefined ? row.withhold : fields.withhold,
      });
      checkTraining(row.key, fields.training);
      await checkShadow(tx, id, fields.shadow);
      await gateChange(tx, row, fields, { reason: overrideGate, acting });
      const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
      const sets = entries.map(([field], i) => {
        const column = COLUMNS[field as keyof typeof COLUMNS];
        return `${column} = $${i + 2}${JSON_FIELDS.has(field) ? '::jsonb' : ''}`;
      });
      const values = entries.map(([field, value]) => (JSON_FIELDS.has(field) ? jsonOrNull(value) : value));
      await tx.query(`update policy set ${[...sets, 'updated_at = now()'].join(', ')} where id = $1`, [
        id,
        ...values,
      ]);
      await keepRewardVersion(tx, id, row);
    });
  }

  /** Versions of the reward definition, the newest first. */
  async rewardVersions(id: string): Promise<{ items: RewardVersionView[] }> {
    await viewOf(this.db, id);
    return { items: await readRewardVersions(this.db, id) };
  }

  /** Has the policy learn all its rewards again, as one new version; see `RelearnBody` for which rewards. */
  relearn(id: string, { rewards }: RelearnBody, acting: Acting): Promise<PolicyView> {
    return change(this.db, id, acting, 'relearn', async (tx, row) => {
      if (policyRegistry.find(row.key)?.learns !== 'online')
        throw Problem.conflict('not_online', `The policy "${id}" does not learn from rewards`);
      if (!row.learning)
        throw Problem.conflict('frozen', `The policy "${id}" is frozen; unfreeze it to let it learn`);
      if (rewards === 'current-definition') await settleAgain(tx, id);
      await tx.query('update policy set relearn_since = now(), updated_at = now() where id = $1', [id]);
    });
  }

  /** Stops or resumes learning; serving goes on. Rewards go on being settled and wait. */
  setLearning(id: string, learning: boolean, acting: Acting): Promise<PolicyView> {
    return change(this.db, id, acting, learning ? 'unfreeze' : 'freeze', async (tx) => {
      await tx.query(`update policy set learning = $2, updated_at = now() where id = $1`, [id, learning]);
    });
  }
}

const jsonOrNull = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

async function viewOf(tx: Sql, id: string): Promise<PolicyView> {
  const [view] = await readPolicyViews(tx, id);
  if (!view) throw Problem.notFound('The policy', id);
  return view;
}

async function record(
  tx: Sql,
  acting: Acting,
  verb: string,
  before: PolicyView | null,
  id: string,
): Promise<PolicyView> {
  const after = await viewOf(tx, id);
  await recordChange(tx, acting, {
    action: `policy.${verb}`,
    entity: 'policy',
    entityKey: id,
    ...(before ? { before } : {}),
    after,
  });
  return after;
}

/** Runs a change of a policy under its lock, then writes the audit row and tells every process. */
export function change(
  db: Database,
  id: string,
  acting: Acting,
  verb: string,
  work: (tx: Transaction, row: PolicyRow) => Promise<void>,
): Promise<PolicyView> {
  return db.transaction(async (tx) => {
    const row = await lockPolicy(tx, id, true);
    if (!row) throw Problem.notFound('The policy', id);
    const before = await viewOf(tx, id);
    await work(tx, row);
    return record(tx, acting, verb, before, id);
  });
}

interface Setup {
  readonly withhold: Withhold | null;
  readonly params: unknown;
  readonly exploration: { readonly key: string; readonly params?: unknown };
  readonly reward: RewardDefinition | null;
  readonly windowSeconds: number;
  readonly graceSeconds: number;
  readonly learning: boolean;
}

/**
 * Checks the parameters against the registries.
 * @throws Problem 400 whose pointer leads to the field of the body.
 */
function checkSetup(key: string, setup: Setup): void {
  const policy = policyRegistry.find(key);
  if (!policy) throw unknown('/key', 'policy', key, policyRegistry.list());
  const exploration = explorationRegistry.find(setup.exploration.key);
  if (!exploration)
    throw unknown('/exploration/key', 'exploration', setup.exploration.key, explorationRegistry.list());
  below('/params', () => {
    const params = policy.params.parse(setup.params);
    // Some parameters go together badly, which shows only when the policy is made of them.
    if (policy.learns === 'online') policy.compile(policy.initialState(params), params);
    if (policy.learns === 'never') policy.compile(null, params);
  });
  below('/exploration/params', () => exploration.params.parse(setup.exploration.params ?? {}));
  checkRewardWindow(setup.reward, setup.windowSeconds);
  checkSignals(policy, setup);
  checkBudget(policy, setup);
  checkWithhold(key, setup);
  if (policy.learns === 'online' && setup.learning && setup.reward === null) {
    throw Problem.invalid(
      '/reward',
      'required',
      'a policy that learns online needs a reward definition, or learning: false',
    );
  }
}

function unknown(pointer: string, what: string, key: string, known: readonly { key: string }[]): Problem {
  const keys = known.map((entry) => entry.key).join(', ');
  return Problem.invalid(
    pointer,
    'unknown_key',
    `the ${what} "${key.slice(0, 100)}" is not registered; known are ${keys}`,
  );
}

/** Runs a registry's own validation and puts its pointers below the field of the body. */
export function below<T>(field: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const inner = error.pointer === undefined || error.pointer === '/' ? '' : error.pointer;
    throw Problem.invalid(`${field}${inner}`, error.code, error.message);
  }
}
