import { readFileSync } from 'node:fs';
import type { Experiment } from '#experiments';
import { policyRegistry } from '#policies';
import {
  readyExperiments,
  readyPolicies,
  surfaces,
  type MetricKey,
  type ReadyExperiment,
  type ReadyPolicy,
} from '#simulation';
import { z } from 'zod';

const key = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/);

const armSchema = z.strictObject({
  key,
  title: z.string().default(''),
  weight: z.number().min(0),
  isControl: z.boolean().default(false),
  treatment: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('value'), value: z.json() }),
    z.strictObject({
      kind: z.literal('policy'),
      policyId: key,
      steadyFor: z.enum(['decision', 'hour', 'day', 'week', 'always']).default('decision'),
    }),
  ]),
});

const policySchema = z.object({
  id: key,
  key,
  title: z.string().default(''),
  params: z.record(z.string(), z.json()).default({}),
  exploration: z
    .object({ key, params: z.record(z.string(), z.json()).default({}) })
    .default({ key: 'greedy', params: {} }),
  floor: z.number().min(0).max(0.5).default(0),
  reward: z
    .object({
      outcomes: z.array(z.object({ name: z.string(), value: z.enum(['one', 'value']).default('one') })),
      combine: z.enum(['max', 'sum', 'any']).default('any'),
    })
    .default({ outcomes: [{ name: 'click', value: 'one' }], combine: 'any' }),
  windowSeconds: z.number().min(0).default(30),
  learning: z.boolean().default(true),
});

/** An experiment as `POST /v1/experiments` takes it, with the policies that its arms name. */
const fileSchema = z.object({
  key,
  title: z.string().optional(),
  hypothesis: z.string().default(''),
  surface: z.string(),
  traffic: z.number().min(0).max(1).default(1),
  arms: z.array(armSchema).min(2),
  decisionMetric: key,
  secondaryMetrics: z.array(key).default([]),
  guardrailMetrics: z.array(key).default([]),
  minimumDays: z.number().int().min(0).default(7),
  policies: z.array(policySchema).default([]),
});

export interface SimulatedExperiment {
  readonly ready: ReadyExperiment;
  readonly policies: readonly ReadyPolicy[];
}

/**
 * Reads an experiment file: JSON in the shape of `POST /v1/experiments`, with an optional list `policies` in the
 * shape of `POST /v1/policies`; policies of the simulated world need not be given. A name of a ready experiment
 * instead of a file gives that experiment.
 * @throws Error with one sentence that says what is wrong.
 */
export function readExperiment(file: string): SimulatedExperiment {
  const known = readyExperiments.find(({ experiment }) => experiment.key === file);
  if (known)
    return {
      ready: { ...known, experiment: { ...known.experiment, layerRange: [0, 1] } },
      policies: readyPolicies,
    };
  const parsed = fileSchema.safeParse(parse(file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(
      `${file}: /${(issue?.path ?? []).map(String).join('/')}: ${issue?.message ?? 'invalid'}.`,
    );
  }
  return toExperiment(file, parsed.data);
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
}

function toExperiment(file: string, data: z.output<typeof fileSchema>): SimulatedExperiment {
  const surface = surfaces.find((candidate) => candidate.key === data.surface);
  if (!surface)
    throw new Error(
      `${file}: /surface: the simulated world has ${surfaces.map((one) => one.key).join(', ')}.`,
    );
  if (data.arms.filter((arm) => arm.isControl).length !== 1)
    throw new Error(`${file}: /arms: exactly one arm must be the control.`);
  const { policies: own, hypothesis, decisionMetric, secondaryMetrics, guardrailMetrics, minimumDays } = data;
  const policies = [
    ...own,
    ...readyPolicies.filter((ready) => !own.some((policy) => policy.id === ready.id)),
  ];
  for (const [index, { treatment }] of data.arms.entries()) {
    if (treatment.kind === 'policy' && !policies.some(({ id }) => id === treatment.policyId)) {
      throw new Error(
        `${file}: /arms/${index}/treatment/policyId: there is no policy "${treatment.policyId}".`,
      );
    }
    const named = policies.find((policy) => treatment.kind === 'policy' && policy.id === treatment.policyId);
    if (named && policyRegistry.get(named.key).learns === 'batch')
      throw new Error(`The policy "${named.id}" learns in training runs, which a simulation has none of.`);
  }
  const experiment: Experiment = {
    key: data.key,
    title: data.title ?? data.key,
    surface: data.surface,
    unitType: 'member',
    status: 'running',
    layer: 'home',
    layerRange: [0, 1],
    traffic: data.traffic,
    targeting: null,
    arms: data.arms,
    phase: 1,
    salt: data.key,
    shippedArm: null,
  };
  const design = { hypothesis, minimumDays };
  const metrics = {
    decisionMetric: decisionMetric as MetricKey,
    secondaryMetrics: secondaryMetrics as MetricKey[],
    guardrailMetrics: guardrailMetrics as MetricKey[],
  };
  return { ready: { experiment, ...design, ...metrics }, policies };
}
