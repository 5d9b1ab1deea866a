import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newUlid } from '../apps/api/src/http/ulid.js';
import { figureOf, quantile } from './figure.js';
import type { Figure } from './figure.js';
import { createDatabase, startStack } from './stack.js';
import type { Ground, Stack } from './stack.js';
import { arm, createSurface, createThompson, runExperiment } from './world.js';
import type { TreatmentAnswer } from './world.js';

/** Policies that learn side by side, and outcomes sent to each of them one after the other. */
const LANES = 4;
const ROUNDS_PER_LANE = 28;
const POLL_MS = 15;
const MOST_MS = 20_000;
const ACTIONS = [{ id: 'left' }, { id: 'right' }];

type Treatment = TreatmentAnswer['treatments'][number] & { readonly action: string };

async function ask(stack: Stack, lane: number, unit: number): Promise<Treatment> {
  const { treatments } = await stack.admin.json<TreatmentAnswer>('POST', '/v1/treatments', {
    unitId: `member-${unit}`,
    expose: true,
    requests: [{ surface: `lane.${lane}`, actions: ACTIONS }],
  });
  const [treatment] = treatments;
  if (typeof treatment?.action !== 'string') throw new Error('no action was served');
  return treatment as Treatment;
}

/** The probability of `left`, from an answer of a choice between two. */
const left = ({ action, propensity }: Treatment): number => (action === 'left' ? propensity : 1 - propensity);

/** @returns milliseconds from sending one outcome until a treatment answers with a newer version and other propensities. */
async function reaction(stack: Stack, lane: number, round: number): Promise<number> {
  const before = await ask(stack, lane, round);
  const began = performance.now();
  await stack.admin.json('POST', '/v1/events', {
    events: [
      {
        id: newUlid(Date.now()),
        kind: 'outcome',
        unitId: `member-${round}`,
        at: new Date().toISOString(),
        decisionId: before.decisionId,
        name: 'play',
        value: (lane + round) % 2,
      },
    ],
  });
  while (performance.now() - began < MOST_MS) {
    const now = await ask(stack, lane, round);
    if (
      (now.policy?.version ?? 0) > (before.policy?.version ?? 0) &&
      Math.abs(left(now) - left(before)) > 1e-9
    )
      return performance.now() - began;
    await sleep(POLL_MS);
  }
  throw new Error(`an outcome changed nothing within ${MOST_MS} ms`);
}

/** From an outcome sent (no attribution window) to changed propensities in the next treatment. */
export async function benchLearning(ground: Ground): Promise<Figure[]> {
  const stack = await startStack(
    await createDatabase(ground, 'bench_learning'),
    path.join(ground.stateDir, 'learning'),
  );
  try {
    for (let lane = 0; lane < LANES; lane++) {
      await createSurface(stack, `lane.${lane}`, 'action');
      await createThompson(stack, `policy-${lane}`);
      const treatment = { kind: 'policy', policyId: `policy-${lane}`, steadyFor: 'decision' } as const;
      await runExperiment(stack, `lane-${lane}`, `lane.${lane}`, [
        arm('control', treatment, true),
        arm('treatment', treatment),
      ]);
      for (
        const deadline = Date.now() + 10_000;
        (await ask(stack, lane, 0)).policy === null;
        await sleep(50)
      ) {
        if (Date.now() > deadline) throw new Error('the policy is not served');
      }
    }
    const lanes = Array.from({ length: LANES }, async (_, lane) => {
      const times: number[] = [];
      for (let round = 0; round < ROUNDS_PER_LANE; round++) times.push(await reaction(stack, lane, round));
      return times;
    });
    const times = (await Promise.all(lanes)).flat();
    const value = quantile(times, 0.95) / 1000;
    return [
      figureOf(
        {
          key: 'learning',
          title: 'outcome sent to changed propensities, p95',
          unit: 's',
          value,
          ceiling: null,
          target: { of: 'value', atMost: 3 },
        },
        {
          rounds: times.length,
          'median s': quantile(times, 0.5) / 1000,
          'longest s': Math.max(...times) / 1000,
        },
      ),
    ];
  } finally {
    await stack.close();
  }
}
