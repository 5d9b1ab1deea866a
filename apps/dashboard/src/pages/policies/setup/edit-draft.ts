import type { Catalog, Json, Policy, Worn } from '../../../api/types.js';
import { schemaDefaults } from '../../../ui/schema-defaults.js';
import { KEPT, policyBody, policyDraft } from '../policy-draft.js';
import type { PolicyDraft } from '../policy-draft.js';

/** What the form of an existing policy holds. */
export interface EditDraft extends PolicyDraft {
  /** Id of the shadow; empty: none. */
  shadow: string;
  /** The snapshot of it that is asked; null: whichever serves. */
  shadowVersion: number | null;
}

/** Fields of a PATCH, by name; what it leaves out stays. */
export type PolicyPatch = Record<string, unknown>;

/** The policy as it is, ready to be changed. */
export function editDraft(policy: Policy, catalog: Catalog): EditDraft {
  return {
    ...policyDraft(catalog, policy.key),
    id: policy.id,
    title: policy.title,
    floor: policy.floor,
    ...decidingDraft(policy, catalog),
    ...rewardDraft(policy),
    shadow: policy.shadow?.policyId ?? '',
    shadowVersion: policy.shadow?.version ?? null,
  };
}

function decidingDraft(
  { key, params: { wrappers, ...params }, exploration }: Policy,
  catalog: Catalog,
): Pick<EditDraft, 'params' | 'wrappers' | 'exploration' | 'explorationParams'> {
  const { wrappers: _none, ...defaults } = schemaDefaults(
    catalog.policies.find((one) => one.key === key)?.paramsSchema,
  );
  const explores = catalog.explorations.find((one) => one.key === exploration?.key);
  return {
    params: { ...defaults, ...params },
    wrappers: (wrappers ?? []) as unknown as Worn[],
    exploration: exploration?.key ?? '',
    explorationParams: { ...schemaDefaults(explores?.paramsSchema), ...exploration?.params },
  };
}

function rewardDraft({ reward, windowSeconds, withhold }: Policy): Partial<EditDraft> {
  return {
    preset: reward === null ? '' : KEPT,
    kept: reward,
    windowSeconds,
    signals: Object.entries(reward?.signals ?? {}).map(([name, kept]) => ({
      name,
      outcome: kept.outcomes[0]?.name ?? '',
      counts: kept.outcomes[0]?.value ?? 'one',
      kept,
    })),
    withheldPercent: withhold ? Number((100 * withhold.share).toFixed(4)) : 0,
    steadyFor: withhold?.steadyFor ?? 'always',
    incremental: reward?.incremental !== undefined,
  };
}

/** Only what differs from the policy as it is: nobody's other settings are sent, so none can be lost. */
export function patchOf(policy: Policy, draft: EditDraft, catalog: Catalog): PolicyPatch {
  const before = bodyOf(editDraft(policy, catalog), policy, catalog);
  const after = bodyOf(draft, policy, catalog);
  const changed = Object.keys(after).filter(
    (field) => field !== 'params' && text(after[field]) !== text(before[field]),
  );
  const params = changedParams(before['params'] as Values, after['params'] as Values);
  return {
    ...Object.fromEntries(changed.map((field) => [field, after[field]])),
    ...(Object.keys(params).length === 0 ? {} : { params }),
  };
}

type Values = Record<string, Json>;

function bodyOf(draft: EditDraft, policy: Policy, catalog: Catalog): PolicyPatch {
  const {
    id: _id,
    key: _key,
    learning: _learning,
    withhold,
    ...body
  } = policyBody(draft, catalog) as PolicyPatch;
  const rewarded = policy.learns !== 'never';
  const { reward, rewardPreset, windowSeconds, ...rest } = body;
  return {
    ...rest,
    ...(rewarded && reward !== undefined ? { reward, windowSeconds } : {}),
    ...(rewarded && rewardPreset !== undefined ? { rewardPreset } : {}),
    withhold: withhold ?? null,
    shadow:
      draft.shadow === ''
        ? null
        : {
            policyId: draft.shadow,
            ...(draft.shadowVersion === null ? {} : { version: draft.shadowVersion }),
          },
  };
}

/** Parameters that differ; null for one that is no longer there. */
function changedParams(before: Values, after: Values): Values {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => text(before[name]) !== text(after[name]));
  return Object.fromEntries(changed.map((name) => [name, after[name] ?? null]));
}

/** The same text for the same value, in whatever order its fields come. */
function text(value: unknown): string {
  return JSON.stringify(value ?? null, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
