import type { z } from 'zod';
import { policyRegistry } from '#policies';
import { Problem } from '../../http/problem.js';
import { PoliciesService } from '../../policies/policies.service.js';
import { createPolicySchema } from '../../policies/policy.schemas.js';
import type { PolicyView } from '../../policies/policy.mapper.js';
import { resolveReward } from '../../policies/reward-versions.js';
import { NO_EFFECT, anyKind, specOf, wantedKeys } from './kind.js';
import type { Run } from './kind.js';

/** Whether it learns is how it is operated, as a pause is of an experiment: no file says so. */
export const policyFileSchema = createPolicySchema.omit({ learning: true });
type PolicySpec = z.output<typeof policyFileSchema>;

const DEFAULT_WINDOW = 3600;

function specOfView(view: PolicyView): PolicySpec {
  const { shadow, rewardPreset: _preset, ...rest } = view;
  const asked =
    shadow &&
    (shadow.version === null ? { policyId: shadow.policyId } : { ...shadow, version: shadow.version });
  return specOf(policyFileSchema, { ...rest, shadow: asked });
}

/** Files name parameters in full: what is there and not named goes. */
const replaced = (before: object, after: object): Record<string, never> => ({
  ...(Object.fromEntries(Object.keys(before).map((name) => [name, null])) as Record<string, never>),
  ...(after as Record<string, never>),
});

async function effectOf({ db, acting }: Run, id: string, patch: object): Promise<string[]> {
  const { changes, learned, gate } = await new PoliciesService(db).preview(id, patch, acting);
  const became = {
    kept: [],
    nothing: [],
    relearned: ['What was learned is learned again, as one new version.'],
    'at-training': ['The next training run uses it.'],
  }[learned];
  return [
    ...changes.map(({ pointer, prose }) => `${pointer}: ${prose}`),
    ...became,
    ...(gate.open || gate.prose === null ? [] : [`The off-policy gate is closed: ${gate.prose}`]),
  ];
}

export const policies = anyKind<PolicySpec>({
  kind: 'policy',
  list: 'policies',
  schema: policyFileSchema,
  keyOf: ({ id }) => id,
  needs: ({ shadow }) => (shadow ? [shadow.policyId] : []),
  async read({ db, tx }, keys) {
    if (keys !== null)
      await tx.query('select 1 from policy where id = any($1::text[]) order by id for no key update', [
        wantedKeys(keys),
      ]);
    const { items } = await new PoliciesService(db).list();
    return items
      .filter(({ id }) => keys === null || keys.includes(id))
      .map((view) => ({ key: view.id, spec: specOfView(view), state: { revision: view.revision } }));
  },
  settle(wanted) {
    const { reward = null, windowSeconds = DEFAULT_WINDOW, ...rest } = resolveReward(wanted);
    return { ...rest, reward, windowSeconds } as PolicySpec;
  },
  async create({ db, acting }, spec) {
    // What learns online cannot begin to without a reward; it begins when somebody lets it.
    const learning = spec.reward !== null || policyRegistry.find(spec.key)?.learns !== 'online';
    await new PoliciesService(db).create({ ...spec, learning }, acting);
    return NO_EFFECT;
  },
  async change(run, stored, spec, fields) {
    const { db, acting, overrideGate } = run;
    const { id, key: _key, rewardPreset: _preset, params, ...rest } = spec;
    if (fields.includes('key'))
      throw new Problem(409, 'immutable_field', `"${id}" is a "${stored.spec.key}" and stays one`, [
        {
          pointer: '/key',
          code: 'immutable_field',
          message: `is "${stored.spec.key}"; make a new policy for another algorithm`,
        },
      ]);
    const given = Object.fromEntries(Object.entries(rest).filter(([field]) => fields.includes(field)));
    const patch = {
      ...given,
      ...(fields.includes('params') ? { params: replaced(stored.spec.params, params) } : {}),
    };
    const prose = await effectOf(run, id, patch);
    await new PoliciesService(db).patch(
      id,
      { ...patch, ...(overrideGate === undefined ? {} : { overrideGate }) },
      acting,
    );
    return { prose };
  },
});
