import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '#experiments';
import { policyRegistry } from '#policies';
import { canonicalJson, sha256 } from '../persistence/canonical.js';
import { EMPTY_CONFIG } from './catalog-data.js';
import type { CatalogConfig, CatalogItem } from './catalog-data.js';
import type { CatalogStore } from './catalog-store.js';
import { DiskCache } from './disk-cache.js';
import { ExperimentCatalog } from './experiment-catalog.js';
import type { Snapshot } from './serving-policy.js';
import { SnapshotCache } from './snapshot-cache.js';
import type { SnapshotStore } from './snapshot-store.js';
import { serveTreatments } from './serve-treatments.js';
import type { Treatment } from './serve-treatments.js';
import { arm, ask, byPolicy, experiment, item, policy, seededHooks, surface, value } from './testing.js';

const thompson = policyRegistry.get('thompson-beta') as typeof policyRegistry extends {
  get(key: string): infer P;
}
  ? P
  : never;

function snapshotOf(policyId: string, version: number, change: Partial<Snapshot> = {}): Snapshot {
  if (thompson.learns !== 'online') throw new Error('thompson-beta learns online');
  const params = thompson.params.parse({});
  const seen = Array.from({ length: 20 * version }, (_, i) => ({
    decisionId: `d${i}`,
    unitId: 'm',
    context: {},
    subject: 't1',
    action: { id: 'a2', features: {} },
    position: 0,
    propensity: 0.5,
    reward: 1,
    at: 1e12,
  }));
  const state = JSON.parse(
    canonicalJson(thompson.encode(thompson.update(thompson.initialState(params), seen, params))),
  ) as Json;
  return {
    policyId,
    version,
    stateVersion: thompson.stateVersion,
    params: {},
    state,
    sha256: sha256(canonicalJson(state)),
    ...change,
  };
}

/** The rows of PostgreSQL that serving reads, held in memory so that a test can take them away. */
class Facts {
  up = true;
  config: CatalogConfig = {
    ...EMPTY_CONFIG,
    layers: [{ key: 'main', title: '', salt: 'l' }],
    surfaces: [surface('banner', 'value', null, 'plain'), surface('art', 'action', 'artwork')],
    policies: [policy('ts', 'thompson-beta')],
    experiments: [
      experiment('colour', 'banner', [arm('a', value('blue'))]),
      experiment('artwork', 'art', [arm('b', byPolicy('ts'))]),
    ],
  };
  items: readonly CatalogItem[] = [item('a1', 'artwork', 't1'), item('a2', 'artwork', 't1')];
  serving: number | null = null;
  snapshots: Snapshot[] = [];
  reads = 0;

  readonly catalog = {
    configRevision: async () => this.ask(() => JSON.stringify(this.config)),
    itemRevision: async () => this.ask(() => JSON.stringify(this.items)),
    readConfig: async () => this.ask(() => (this.reads++, this.config)),
    readItems: async () => this.ask(() => [...this.items]),
  } as unknown as CatalogStore;

  readonly store = {
    servingVersions: async (ids: readonly string[]) =>
      this.ask(() => new Map(ids.map((id) => [id, this.serving]))),
    read: async (_id: string, version: number) =>
      this.ask(() => this.snapshots.find((one) => one.version === version) ?? null),
    readBefore: async (_id: string, version: number) =>
      this.ask(
        () =>
          this.snapshots.filter((one) => one.version < version).sort((a, b) => b.version - a.version)[0] ??
          null,
      ),
  } as unknown as SnapshotStore;

  private ask<T>(answer: () => T): T {
    if (!this.up) throw new Error('connect ECONNREFUSED');
    return answer();
  }
}

describe('the catalogue and the snapshots in memory', () => {
  let directory: string;
  let facts: Facts;
  const problems: string[] = [];
  const logger = {
    warn: (text: string) => void problems.push(text),
    error: (text: string) => void problems.push(text),
  };
  const stops: (() => Promise<void>)[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'marquee-catalog-'));
    facts = new Facts();
    problems.length = 0;
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function boot(): Promise<{
    catalog: ExperimentCatalog;
    snapshots: SnapshotCache;
    serve: (on: string, unit?: string) => Treatment;
    notify: (channel: string) => void;
  }> {
    const disk = new DiskCache(directory);
    const snapshots = new SnapshotCache(facts.store, disk, logger);
    const catalog = new ExperimentCatalog(facts.catalog, snapshots, disk, logger);
    let notify: (channel: string) => void = () => undefined;
    await catalog.start({
      listen: (_channels, handler) => {
        notify = (channel) => handler(channel, '');
        return async () => undefined;
      },
    });
    stops.push(() => catalog.stop());
    const hooks = seededHooks('catalog');
    const serve = (on: string, unit = 'm1'): Treatment =>
      serveTreatments(
        { catalog: catalog.current, policy: (id) => snapshots.get(id) },
        ask(unit, on, on === 'art' ? { subject: 't1' } : {}),
        1e12,
        hooks,
      ).treatments[0] as Treatment;
    return { catalog, snapshots, serve, notify: (channel) => notify(channel) };
  }

  it('serves from PostgreSQL, and reads it again only when something changed', async () => {
    const { catalog, serve } = await boot();
    expect(serve('banner').value).toBe('blue');
    expect(serve('art')).toMatchObject({ reason: 'POLICY', policy: { version: 0 } });
    expect(catalog.status()).toMatchObject({ source: 'database' });
    await catalog.refresh();
    expect(facts.reads).toBe(1);
    facts.config = { ...facts.config, killSwitch: true };
    await catalog.refresh();
    expect(serve('banner').value).toBe('plain');
  });

  it('keeps the last catalogue while PostgreSQL is away, and shows its age', async () => {
    const { catalog, serve } = await boot();
    facts.up = false;
    await expect(catalog.refresh()).rejects.toThrow('ECONNREFUSED');
    expect(serve('banner').value).toBe('blue');
    expect(catalog.status(Date.now() + 60_000).ageSeconds).toBeGreaterThan(59);
  });

  it('starts without PostgreSQL from the copies on disk, items and learned states included', async () => {
    facts.snapshots = [snapshotOf('ts', 3)];
    facts.serving = 3;
    const first = await boot();
    expect(first.serve('art')).toMatchObject({ policy: { version: 3 } });
    await first.catalog.stop();
    facts.up = false;
    const second = await boot();
    expect(second.catalog.status()).toMatchObject({ source: 'disk' });
    // Each answer is drawn anew; what was learned shows in the probability of it.
    const learned = ({ action, propensity }: Treatment): number =>
      action === 'a2' ? propensity : 1 - propensity;
    const answer = second.serve('art');
    expect(answer).toMatchObject({ policy: { version: 3 } });
    expect(learned(answer)).toBeCloseTo(learned(first.serve('art')), 12);
    expect(learned(answer)).toBeGreaterThan(0.9);
    facts.up = true;
    await second.catalog.refresh();
    expect(second.catalog.status()).toMatchObject({ source: 'database' });
  });

  it('refuses copies on disk that were altered, byte by byte', async () => {
    facts.snapshots = [snapshotOf('ts', 1)];
    facts.serving = 1;
    const { catalog } = await boot();
    await catalog.stop();
    const disk = new DiskCache(directory);
    for (const file of readdirSync(directory)) {
      const whole = readFileSync(join(directory, file));
      const name = decodeURIComponent(file);
      expect(await disk.load(name)).not.toBeNull();
      for (let at = 0; at < whole.length; at += Math.max(1, Math.floor(whole.length / 40))) {
        const altered = Buffer.from(whole);
        altered[at] = (altered[at] as number) ^ 4;
        writeFileSync(join(directory, file), altered);
        const copy = await disk.load(name);
        // Only the time of saving, which is not covered, may still read as a number.
        if (copy)
          expect(JSON.stringify(copy.lines)).toBe(
            JSON.stringify(
              whole
                .toString()
                .split('\n')
                .slice(1)
                .filter(Boolean)
                .map((line) => JSON.parse(line) as unknown),
            ),
          );
      }
      for (const part of [Buffer.alloc(0), whole.subarray(0, whole.length / 2)]) {
        writeFileSync(join(directory, file), part);
        expect(await disk.load(name)).toBeNull();
      }
    }
    facts.up = false;
    const { serve } = await boot();
    expect(serve('banner').reason).toBe('UNKNOWN_SURFACE');
  });

  it('follows a new snapshot on notification, atomically', async () => {
    const { serve, notify, snapshots } = await boot();
    facts.snapshots = [snapshotOf('ts', 1)];
    facts.serving = 1;
    notify('marquee_snapshot');
    await snapshots.sync();
    expect(serve('art')).toMatchObject({ policy: { version: 1 } });
    const wins = Array.from({ length: 50 }, (_, i) => serve('art', `m${i}`).action).filter(
      (action) => action === 'a2',
    ).length;
    expect(wins).toBeGreaterThan(40);
  });

  const broken: readonly [string, (good: Snapshot) => Snapshot][] = [
    ['of another state version', (good) => ({ ...good, stateVersion: 99 })],
    ['with a wrong checksum', (good) => ({ ...good, sha256: '0'.repeat(64) })],
    ['whose state was altered', (good) => ({ ...good, state: { a: 1 } })],
    ['whose state cannot be decoded', (good) => ({ ...good, state: [1], sha256: sha256('[1]') })],
    ['whose parameters are not valid', (good) => ({ ...good, params: { priorAlpha: -1 } })],
  ];
  it.each(broken)('refuses a snapshot %s and keeps serving the last good one', async (_name, alter) => {
    facts.snapshots = [snapshotOf('ts', 1), alter(snapshotOf('ts', 2))];
    facts.serving = 1;
    const { serve, snapshots } = await boot();
    facts.serving = 2;
    await snapshots.sync();
    expect(serve('art')).toMatchObject({ reason: 'POLICY', policy: { version: 1 } });
    expect(problems.filter((text) => text.includes('version 2 is refused'))).toHaveLength(1);
    await snapshots.sync();
    expect(problems.filter((text) => text.includes('version 2 is refused'))).toHaveLength(1);
    facts.snapshots.push(snapshotOf('ts', 3));
    facts.serving = 3;
    await snapshots.sync();
    expect(serve('art')).toMatchObject({ policy: { version: 3 } });
  });

  it('starts from the newest good version when the one to serve is broken', async () => {
    facts.snapshots = [snapshotOf('ts', 1), snapshotOf('ts', 2), { ...snapshotOf('ts', 3), sha256: 'x' }];
    facts.serving = 3;
    expect((await boot()).serve('art')).toMatchObject({ reason: 'POLICY', policy: { version: 2 } });
  });

  it('falls back where a policy that learns in training runs has no snapshot yet', async () => {
    facts.config = { ...facts.config, policies: [policy('ts', 'implicit-als')] };
    expect((await boot()).serve('art')).toMatchObject({
      action: 'a1',
      reason: 'FALLBACK_NO_SNAPSHOT',
      propensity: 1,
      policy: null,
    });
  });

  it('has the learned states of an experiment before the experiment serves', async () => {
    const { catalog, serve } = await boot();
    facts.snapshots = [{ ...snapshotOf('late', 5), policyId: 'late' }];
    facts.serving = 5;
    facts.config = {
      ...facts.config,
      policies: [policy('late', 'thompson-beta')],
      experiments: [experiment('next', 'art', [arm('b', byPolicy('late'))])],
    };
    await catalog.refresh();
    expect(serve('art')).toMatchObject({ experiment: 'next', policy: { version: 5 }, reason: 'POLICY' });
  });
});
