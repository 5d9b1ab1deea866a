import type { Arm, Layer, Surface } from '#experiments';
import type { WorldFeature } from '#simulation';
import { applyPlan, askPlan, statesOf } from '../commands/config/plan.js';
import { Refused, type ApiClient } from './api-client.js';

export interface PolicySetUp {
  readonly id: string;
  readonly key: string;
  readonly title: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly exploration?: { readonly key: string; readonly params: Readonly<Record<string, unknown>> };
  readonly floor: number;
  readonly reward: unknown;
  readonly windowSeconds: number;
  readonly learning: boolean;
  readonly withhold?: unknown;
  readonly training?: unknown;
}

export interface ExperimentSetUp {
  readonly key: string;
  readonly title: string;
  readonly hypothesis: string;
  readonly surface: string;
  readonly unitType: string;
  readonly layer: string;
  readonly layerShare: number;
  readonly traffic: number;
  readonly arms: readonly Arm[];
  readonly decisionMetric: string;
  readonly secondaryMetrics: readonly string[];
  readonly guardrailMetrics: readonly string[];
  readonly minimumDays: number;
  readonly tags: readonly string[];
}

export interface ItemSetUp {
  readonly id: string;
  readonly kind: string;
  readonly subject?: string;
  readonly title: string;
  readonly features: Readonly<Record<string, unknown>>;
  readonly position?: number;
}

/** The shape of `PUT /v1/pages/:key`, with its key. */
export interface PageSetUp {
  readonly key: string;
  readonly title: string;
  readonly layout: Readonly<Record<string, unknown>>;
}

/** What a demo needs to exist before its traffic begins. */
export interface SetUp {
  readonly surfaces: readonly Surface[];
  readonly layers: readonly Pick<Layer, 'key' | 'title'>[];
  readonly items: readonly ItemSetUp[];
  readonly policies: readonly PolicySetUp[];
  readonly experiments: readonly ExperimentSetUp[];
  /** Absent: none. */
  readonly pages?: readonly PageSetUp[];
  /** What requests and items say; absent: nothing is registered. */
  readonly features?: readonly WorldFeature[];
  /** Bodies of `POST /v1/segments`; absent: none. */
  readonly segments?: readonly Readonly<Record<string, unknown>>[];
  /** Lists of units, each with its first ids; absent: none. */
  readonly unitLists?: readonly UnitListSetUp[];
}

export interface UnitListSetUp {
  readonly key: string;
  readonly title: string;
  readonly ids: readonly string[];
}

const itemsPerCall = 500;

/** Creates what is missing through the admin API, and starts experiments that are drafts; safe to run again. */
export async function prepare(api: ApiClient, setUp: SetUp): Promise<void> {
  await ensureFeatures(api, setUp.features ?? []);
  for (const surface of setUp.surfaces) await ensure(api, '/v1/surfaces', surface);
  for (const layer of setUp.layers) await ensure(api, '/v1/layers', { key: layer.key, title: layer.title });
  for (let i = 0; i < setUp.items.length; i += itemsPerCall) {
    await api.persist('POST', '/v1/items', { items: setUp.items.slice(i, i + itemsPerCall) });
  }
  await ensurePages(api, setUp.pages ?? []);
  for (const list of setUp.unitLists ?? []) await ensureList(api, list);
  await ensureSegments(api, setUp.segments ?? []);
  for (const policy of setUp.policies) await ensure(api, '/v1/policies', policy);
  for (const experiment of setUp.experiments) {
    await ensure(api, '/v1/experiments', experiment);
    await startDraft(api, experiment.key);
  }
}

/** A list with its first ids; an id twice is one. */
export async function ensureList(api: ApiClient, { ids, ...list }: UnitListSetUp): Promise<void> {
  await ensure(api, '/v1/unit-lists', list);
  await api.persist('POST', `/v1/unit-lists/${encodeURIComponent(list.key)}/add`, { ids });
}

/** Creates; what exists already stays as it is. */
export async function ensure(api: ApiClient, path: string, body: unknown): Promise<void> {
  try {
    await api.persist('POST', path, body);
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 409) throw error;
  }
}

/** Before anything is served, so that policies never know more; what people have changed stays as it is. */
async function ensureFeatures(api: ApiClient, features: readonly WorldFeature[]): Promise<void> {
  if (features.length === 0) return;
  const { items } = (await api.persist('GET', '/v1/features')) as {
    items: readonly Pick<WorldFeature, 'entity' | 'name'>[];
  };
  const known = new Set(items.map(({ entity, name }) => `${entity}/${name}`));
  for (const { entity, name, ...definition } of features) {
    const key = `${entity}/${name}`;
    if (!known.has(key)) await api.persist('PUT', `/v1/features/${key}`, definition);
  }
}

/** Where the segments of the demo stand as a file. */
const SEGMENTS_FILE = 'docs/examples/demo-segments.yaml';

/** Applied as that file would be, so that they show as managed from it; what is there stays as it is. */
async function ensureSegments(
  api: ApiClient,
  segments: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const { items } = (await api.persist('GET', '/v1/segments')) as { items: readonly { key: string }[] };
  const known = new Set<unknown>(items.map(({ key }) => key));
  const missing = segments.filter(({ key }) => !known.has(key));
  if (missing.length === 0) return;
  const files = Object.fromEntries(missing.map(({ key }) => [`segment/${String(key)}`, SEGMENTS_FILE]));
  const source = { repository: null, revision: null, files };
  const request = {
    config: { segments: missing },
    source,
    existing: 'move',
    prune: false,
    takeOver: false,
  } as const;
  await applyPlan(api, request, statesOf(await askPlan(api, request)));
}

/** A page that people have changed stays as it is. */
async function ensurePages(api: ApiClient, pages: readonly PageSetUp[]): Promise<void> {
  if (pages.length === 0) return;
  const { items } = (await api.persist('GET', '/v1/pages')) as { items: readonly { key: string }[] };
  const known = new Set(items.map(({ key }) => key));
  for (const { key, ...page } of pages)
    if (!known.has(key)) await api.persist('PUT', `/v1/pages/${encodeURIComponent(key)}`, page);
}

async function startDraft(api: ApiClient, key: string): Promise<void> {
  const path = `/v1/experiments/${encodeURIComponent(key)}`;
  const found = (await api.persist('GET', path)) as { status?: string };
  if (found.status === 'draft') await api.persist('POST', `${path}/start`, {});
}
