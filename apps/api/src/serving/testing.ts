import type { Arm, Experiment, Holdout, Json, Surface, Treatment } from '#experiments';
import { createRegistry, createRng, defineParams } from '#experiments';
import { policyRegistry } from '#policies';
import type { CompiledPolicy, Policy } from '#policies';
import { ulid } from 'ulid';
import { z } from 'zod';
import { Breaker } from './breaker.js';
import type { BreakerLimits } from './breaker.js';
import { EMPTY_CONFIG, ItemIndex, compileCatalog } from './catalog-data.js';
import type { CatalogConfig, CatalogItem, PolicyConfig } from './catalog-data.js';
import type { ServingHooks, ServingState, TreatmentsRequest } from './serve-treatments.js';
import { compileServingPolicy } from './serving-policy.js';

/** Builders for the specs of this folder. */
export const surface = (
  key: string,
  kind: Surface['kind'],
  candidateKind: string | null = null,
  defaultValue: Json = null,
): Surface => ({
  key,
  title: key,
  kind,
  defaultValue,
  candidateKind,
});

export const arm = (key: string, treatment: Treatment, weight = 1): Arm => ({
  key,
  title: key,
  weight,
  isControl: key === 'control',
  treatment,
});

export const value = (given: Json): Treatment => ({ kind: 'value', value: given });
export const byPolicy = (
  policyId: string,
  steadyFor: 'decision' | 'hour' | 'day' | 'week' | 'always' = 'decision',
): Treatment => ({
  kind: 'policy',
  policyId,
  steadyFor,
});

export const experiment = (
  key: string,
  on: string,
  arms: readonly Arm[],
  rest: Partial<Experiment> = {},
): Experiment => ({
  key,
  title: key,
  surface: on,
  unitType: 'member',
  status: 'running',
  layer: 'main',
  layerRange: [0, 1],
  traffic: 1,
  targeting: null,
  arms,
  phase: 1,
  salt: key,
  shippedArm: null,
  ...rest,
});

export const holdout = (key: string, share: number): Holdout => ({
  key,
  title: key,
  salt: `holdout:${key}`,
  share,
  surfaces: null,
  unitType: 'member',
  enabled: true,
});

export const item = (
  id: string,
  kind: string,
  subject: string | null = null,
  features: CatalogItem['features'] = {},
): CatalogItem => ({
  id,
  kind,
  subject,
  title: id,
  features,
  available: true,
});

export const policy = (id: string, key: string, rest: Partial<PolicyConfig> = {}): PolicyConfig => ({
  id,
  key,
  params: {},
  exploration: { key: 'greedy', params: {} },
  floor: 0,
  rewardWindowSeconds: 60,
  ...rest,
});

/** A policy that does whatever a test wants of it. */
export function pluginOf(key: string, compiled: () => CompiledPolicy): Policy {
  return {
    key,
    title: key,
    summary: '',
    reference: '',
    learns: 'never',
    params: defineParams(z.object({})),
    stateVersion: 1,
    encode: () => null,
    decode: () => null,
    compile: compiled,
  };
}

export interface World extends Partial<CatalogConfig> {
  readonly items?: readonly CatalogItem[];
  readonly plugins?: readonly Policy[];
  readonly breaker?: BreakerLimits;
}

/** A serving state over these facts; policies without snapshots. */
export function stateOf(world: World): ServingState {
  const config: CatalogConfig = {
    ...EMPTY_CONFIG,
    layers: [{ key: 'main', title: 'main', salt: 'layer:main' }],
    ...world,
  };
  const registry = createRegistry<Policy>('policy', [...policyRegistry.list(), ...(world.plugins ?? [])]);
  const policies = new Map(
    config.policies.map((one) => [
      one.id,
      compileServingPolicy(one, null, new Breaker(world.breaker), registry),
    ]),
  );
  return {
    catalog: compileCatalog(config, new ItemIndex(world.items ?? [])),
    policy: (id) => policies.get(id),
  };
}

/** A clock that stands still, and ids that are alike in every run: they seed the draws. */
export function seededHooks(seed: string): ServingHooks {
  const rng = createRng(seed);
  return { monotonic: () => 0, newId: (at) => ulid(at, () => rng.uniform()) };
}

export const ask = (
  unitId: string,
  on: string,
  rest: Partial<TreatmentsRequest['requests'][number]> = {},
): TreatmentsRequest => ({
  unitId,
  unitType: 'member',
  context: {},
  expose: false,
  requests: [{ surface: on, subject: null, actions: null, limit: null, parent: null, ...rest }],
});
