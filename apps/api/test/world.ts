import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ReadyExperiment, World } from '#simulation';
import {
  itemsOf,
  layers,
  messageExperiment,
  messagePolicy,
  readyExperiments,
  readyPolicies,
  surfaces,
} from '#simulation';
import type { HistorySummary } from '../src/history/load-history.js';
import { historyStart, loadHistory } from '../src/history/load-history.js';
import type { TestApi } from './api.js';

const DAY_MS = 86_400_000;
/** A Monday. Played on the same days whenever the tests run, the members of the world do the same. */
export const FIRST_DAY = Date.UTC(2026, 4, 4);
/**
 * So small a world decides by luck whether the clear win ships (power about 0.7 with 2,200 members and 14 days). With
 * this seed it does in the world `history-spec` from FIRST_DAY on; on other days it is clearly better as well, but the
 * guardrail is not always proven.
 */
const SEED = '6';

/**
 * Sets the ready experiments up through HTTP, starts them, and plays the given number of days of the
 * simulated world through serving, storage, learning and rollups.
 * @param from when the past begins; by default so that its last day is yesterday. With a date that is always the same the
 * past is as well, to the last decision: draws hang on ids and days.
 * @param messages whether messages are sent as well, in an experiment of their own; `withheld` is the share of them that
 * is withheld, by default that of the demo.
 * @throws Error with the API's answer if it refuses a part of the set-up.
 */
export async function loadReadyWorld(
  api: TestApi,
  world: World,
  days: number,
  {
    messages = false,
    withheld,
    from = historyStart(Date.now(), days),
  }: { readonly messages?: boolean; readonly withheld?: number; readonly from?: number } = {},
): Promise<HistorySummary> {
  const experiments = messages ? [...readyExperiments, messageExperiment] : readyExperiments;
  const share = withheld ?? messagePolicy.withhold.share;
  const sender = { ...messagePolicy, withhold: { ...messagePolicy.withhold, share } };
  await setUp(api, world, experiments, messages ? [...readyPolicies, sender] : readyPolicies);
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'marquee-history-'));
  try {
    return await loadHistory(api.db.database, {
      world,
      from,
      to: from + days * DAY_MS,
      calendarFrom: FIRST_DAY,
      seed: SEED,
      directory,
      messages,
      experiments: experiments.map(({ experiment }) => experiment.key),
    });
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

async function setUp(
  api: TestApi,
  world: World,
  experiments: readonly ReadyExperiment[],
  policies: readonly object[],
): Promise<void> {
  const post = async (url: string, body: unknown): Promise<void> => {
    const answer = await api.request('POST', url, { body });
    if (answer.status >= 300) throw new Error(`${url}: ${answer.text}`);
  };
  for (const surface of surfaces) await post('/v1/surfaces', surface);
  for (const { key, title } of layers) await post('/v1/layers', { key, title });
  await post('/v1/items', { items: itemsOf(world) });
  for (const policy of policies) await post('/v1/policies', policy);
  for (const { experiment, ...design } of experiments) {
    const { key, title, surface, unitType, layer, layerRange, traffic, arms } = experiment;
    await post('/v1/experiments', {
      key,
      title,
      surface,
      unitType,
      layer,
      layerShare: layerRange[1] - layerRange[0],
      traffic,
      arms,
      ...design,
    });
    await post(`/v1/experiments/${key}/start`, {});
  }
}
