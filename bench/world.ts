import type { Stack } from './stack.js';

/** Ten actions, as for the artwork of a title. */
export const ACTIONS = Array.from({ length: 10 }, (_, i) => `artwork-${i}`);

export async function createSurface(stack: Stack, key: string, kind: 'value' | 'action'): Promise<void> {
  await stack.admin.json('POST', '/v1/surfaces', {
    key,
    title: key,
    kind,
    defaultValue: kind === 'value' ? 'off' : null,
  });
}

export interface Arm {
  readonly key: string;
  readonly weight: number;
  readonly isControl: boolean;
  readonly treatment:
    | { readonly kind: 'value'; readonly value: unknown }
    | { readonly kind: 'policy'; readonly policyId: string; readonly steadyFor: 'decision' | 'day' };
}

export const arm = (key: string, treatment: Arm['treatment'], isControl = false, weight = 0.5): Arm => ({
  key,
  weight,
  isControl,
  treatment,
});

/** Creates and starts an experiment in a layer of its own surface. */
export async function runExperiment(
  stack: Stack,
  key: string,
  surface: string,
  arms: readonly Arm[],
  metrics: readonly string[] = ['play-rate'],
): Promise<void> {
  const layer = `layer-${key}`;
  await stack.admin.json('POST', '/v1/layers', { key: layer, title: layer });
  await stack.admin.json('POST', '/v1/experiments', {
    key,
    title: key,
    hypothesis: 'it changes what people play',
    surface,
    layer,
    arms,
    decisionMetric: metrics[0] ?? null,
    secondaryMetrics: metrics.slice(1),
  });
  await stack.admin.json('POST', `/v1/experiments/${key}/start`, {});
}

/** Thompson sampling that learns from `play` (0 or 1) at once, without an attribution window. */
export async function createThompson(stack: Stack, id: string): Promise<void> {
  await stack.admin.json('POST', '/v1/policies', {
    id,
    key: 'thompson-beta',
    title: id,
    reward: { outcomes: [{ name: 'play', value: 'value' }], combine: 'max' },
    windowSeconds: 0,
  });
}

export interface TreatmentAnswer {
  readonly treatments: readonly {
    readonly decisionId: string;
    readonly experiment: string | null;
    readonly arm: string | null;
    readonly action?: string | null;
    readonly propensity: number;
    readonly policy: { readonly key: string; readonly version: number } | null;
    readonly reason: string;
  }[];
}
