import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '#experiments';
import type { Json } from '#experiments';
import { ExactIndex, policyRegistry, SMALL_CATALOGUE } from '#policies';
import type { NearestIndex, RecommenderPolicy } from '#policies';
import { canonicalJson, sha256 } from '../../persistence/canonical.js';
import { DiskCache } from '../disk-cache.js';
import type { Snapshot } from '../serving-policy.js';
import { SnapshotCache } from '../snapshot-cache.js';
import type { SnapshotStore } from '../snapshot-store.js';
import { policy } from '../testing.js';
import { buildIndex } from './index-builder.js';
import { Indexes } from './indexes.js';

const rng = createRng('nearest');
const random = (count: number): Float32Array => Float32Array.from({ length: count }, () => rng.normal());

describe('an index of nearest neighbours', () => {
  it('finds nearly what a look at every title finds, biases included, and the same when it is built again', async () => {
    const vectors = { dimension: 16, rows: random(3_000 * 16), biases: random(3_000) };
    const exact = new ExactIndex(vectors);
    const [index, again] = [await buildIndex(vectors), await buildIndex(vectors)];
    let hits = 0;
    for (let n = 0; n < 20; n++) {
      const query = random(16);
      const found = Array.from(index.search(query, 100));
      expect(Array.from(again.search(query, 100))).toEqual(found);
      const right = new Set(exact.search(query, 100));
      hits += found.filter((row) => right.has(row)).length;
    }
    expect(hits / 2_000).toBeGreaterThan(0.97);
  });
});

const ITEMS = Array.from({ length: SMALL_CATALOGUE + 1 }, (_, i) => `t${i}`);
const als = policyRegistry.get('implicit-als') as RecommenderPolicy;

function snapshotOf(version: number): Snapshot {
  const state = JSON.parse(
    canonicalJson(
      als.encode({
        dimension: 2,
        items: ITEMS,
        factors: random(2 * ITEMS.length),
        popularity: new Float64Array(ITEMS.length).fill(1),
      }),
    ),
  ) as Json;
  const params = { dimension: 2 };
  const sha = sha256(canonicalJson(state));
  return { policyId: 'taste', version, stateVersion: als.stateVersion, params, state, sha256: sha };
}

describe('a new version for a large catalogue', () => {
  it('takes over when its index is there, or will never be', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'marquee-indexes-'));
    const snapshots = [1, 2, 3].map(snapshotOf);
    let wanted = 1;
    const store = {
      servingVersions: () => Promise.resolve(new Map([['taste', wanted]])),
      read: (_id: string, version: number) => Promise.resolve(snapshots[version - 1] ?? null),
      readBefore: () => Promise.resolve(null),
    } as unknown as SnapshotStore;
    const ends: ((index: NearestIndex | Error) => void)[] = [];
    const indexes = new Indexes(
      () =>
        new Promise((resolve, reject) =>
          ends.push((end) => (end instanceof Error ? reject(end) : resolve(end))),
        ),
    );
    const warnings: string[] = [];
    const log = (text: string): void => void warnings.push(text);
    const cache = new SnapshotCache(store, new DiskCache(directory), { warn: log, error: log }, indexes);
    const config = policy('taste', 'implicit-als');
    const serve = async (version: number): Promise<void> => {
      wanted = version;
      await cache.sync([config]);
      await settled();
    };
    const request = {
      unitId: 'u',
      context: { history: ['t1'] },
      actions: ITEMS.map((id) => ({ id, features: {} })),
      subject: null,
      at: 0,
    };
    const found = (): readonly number[] => {
      const compiled = cache.get('taste')?.compiled;
      return (compiled?.decides === 'slate' && compiled.retrieve?.(request, null)) || [];
    };
    const fifth: NearestIndex = { search: (_query, count) => Array.from({ length: count }, (_, i) => 5 * i) };

    // There is nothing else yet: every title is looked at until the index is there.
    await serve(1);
    expect(cache.get('taste')?.version).toBe(1);
    expect(found()).not.toContain(5 * 499);
    ends[0]?.(fifth);
    await settled();
    expect(found()).toEqual(Array.from({ length: 500 }, (_, i) => 5 * i));

    await serve(2);
    await serve(2);
    expect(cache.get('taste')?.version).toBe(1);
    expect(ends).toHaveLength(2);
    ends[1]?.(fifth);
    await settled();
    expect(cache.get('taste')?.version).toBe(2);

    await serve(3);
    expect(cache.get('taste')?.version).toBe(2);
    ends[2]?.(new Error('no room'));
    await settled();
    expect(cache.get('taste')?.version).toBe(3);
    expect(warnings).toEqual(['policy "taste": without an index, every title is looked at: no room']);
    expect(found()).toHaveLength(500);
    rmSync(directory, { recursive: true, force: true });
  });
});

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
