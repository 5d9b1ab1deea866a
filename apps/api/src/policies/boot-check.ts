import { policyRegistry } from '#policies';
import type { Sql } from '../persistence/database.js';

/**
 * Proves at boot that this program can run what is configured: every policy that a running, paused or shipped
 * experiment uses exists and its algorithm is registered with parameters it accepts. (That registry keys are unique
 * is proved when the registries are made.)
 * @throws Error with one sentence naming the experiment and the policy.
 */
export async function checkPolicies(db: Sql): Promise<void> {
  const uses = await db.query<{ experiment: string; policy_id: string; key: string | null; params: unknown }>(
    `select distinct e.key as experiment, a -> 'treatment' ->> 'policyId' as policy_id, p.key, p.params
     from experiment e cross join lateral jsonb_array_elements(e.arms) a
     left join policy p on p.id = a -> 'treatment' ->> 'policyId'
     where e.status in ('running', 'paused', 'shipped') and a -> 'treatment' ->> 'kind' = 'policy'
     order by e.key, policy_id`,
  );
  for (const { experiment, policy_id: id, key, params } of uses) {
    const where = `The experiment "${experiment}" needs the policy "${id}"`;
    if (key === null) throw new Error(`${where}, which does not exist.`);
    const policy = policyRegistry.find(key);
    if (!policy) throw new Error(`${where}, whose algorithm "${key}" this program does not have.`);
    try {
      policy.params.parse(params);
    } catch (error) {
      throw new Error(`${where}, whose parameters "${key}" does not accept: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}
