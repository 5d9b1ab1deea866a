import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiClient } from './api-client.js';

const startedSchema = z.object({ id: z.string() });
const runsSchema = z.object({
  items: z.array(z.object({ id: z.string(), status: z.string(), error: z.string().nullable().optional() })),
});

const policySchema = z.object({ servingVersion: z.number().nullable() });

const patienceMs = 300_000;

/** Trains a policy that has never been trained, without waiting for it; nothing where it is not there. */
export async function trainFirst(api: ApiClient, policyId: string): Promise<void> {
  const path = `/v1/policies/${encodeURIComponent(policyId)}`;
  const { servingVersion } = policySchema.parse(await api.call('GET', path));
  if (servingVersion === null || servingVersion === 0) await api.call('POST', `${path}/training-runs`, {});
}

/**
 * Trains a policy on everything that happened until now and waits for the result.
 * @throws Error with the run's own explanation when it fails.
 */
export async function train(api: ApiClient, policyId: string, seed: string): Promise<void> {
  const path = `/v1/policies/${encodeURIComponent(policyId)}/training-runs`;
  const { id } = startedSchema.parse(await api.persist('POST', path, { seed, promote: 'auto' }));
  const giveUpAt = Date.now() + patienceMs;
  while (Date.now() < giveUpAt) {
    const run = runsSchema.parse(await api.persist('GET', path)).items.find((item) => item.id === id);
    if (run?.status === 'succeeded') return;
    if (run?.status === 'failed')
      throw new Error(`The training run ${id} of ${policyId} failed: ${run.error ?? 'no reason given'}.`);
    await sleep(250);
  }
  throw new Error(`The training run ${id} of ${policyId} did not end within ${patienceMs / 1000} s.`);
}
