import { Breaker } from './breaker.js';
import type { PolicyConfig } from './catalog-data.js';
import type { DiskCache } from './disk-cache.js';
import { asConfigured, compileServingPolicy, policyCacheKey } from './serving-policy.js';
import type { ServingPolicy, Snapshot } from './serving-policy.js';
import { snapshotsRefused } from './serving-metrics.js';
import type { SnapshotStore } from './snapshot-store.js';
import { Indexes } from './nearest/indexes.js';

/** Older versions tried when the one to serve is refused and nothing good is in memory. */
const STEPS_BACK = 5;

export interface CacheLogger {
  warn(message: string): void;
  error(message: string): void;
}

interface Entry {
  readonly serving: ServingPolicy;
  /** The version that PostgreSQL wanted when this was made; differs from the one served after a refusal. */
  readonly wanted: number | null;
  /** The configuration as text, to notice changes. */
  readonly fingerprint: string;
  readonly snapshot: Snapshot | null;
}

const keyOf = (config: PolicyConfig): string => policyCacheKey(config.id, config.pinned);
const fingerprintOf = (config: PolicyConfig): string => JSON.stringify(config);

/**
 * The compiled policies of running experiments, each at the version it is to serve. A snapshot that fails a check is
 * refused and the last good one goes on serving; good ones are kept on disk for a start without PostgreSQL.
 */
export class SnapshotCache {
  private readonly entries = new Map<string, Entry>();
  /** New versions of large catalogues whose index is being built: until then the ones in `entries` serve. */
  private readonly waiting = new Map<string, Entry>();
  private readonly unsaved = new Set<string>();
  private readonly breakers = new Map<string, Breaker>();
  private configs: readonly PolicyConfig[] = [];
  private working: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: SnapshotStore,
    private readonly disk: DiskCache,
    private readonly logger: CacheLogger,
    private readonly indexes = new Indexes(),
  ) {}

  /** @param key as policyCacheKey makes it: a policy's id for the version that serves. */
  get(key: string): ServingPolicy | undefined {
    return this.entries.get(key)?.serving;
  }

  list(): readonly ServingPolicy[] {
    return [...this.entries.values()].map((entry) => entry.serving);
  }

  /**
   * Brings the cache in line with PostgreSQL for these policies; calls queue up behind each other.
   * @throws when PostgreSQL cannot be asked; what was there stays.
   */
  sync(configs: readonly PolicyConfig[] = this.configs): Promise<void> {
    const work = this.working.then(() => this.syncNow(configs));
    this.working = work.catch(() => undefined);
    return work;
  }

  /** Fills the cache from the copies on disk; for a start without PostgreSQL. */
  async restore(configs: readonly PolicyConfig[]): Promise<void> {
    this.configs = configs;
    for (const config of configs) {
      const copy = await this.disk.load(fileName(keyOf(config)));
      const snapshot = (copy?.lines[0] ?? null) as Snapshot | null;
      try {
        this.put(config, snapshot, snapshot?.version ?? null);
      } catch (error) {
        this.refuse(config.id, snapshot?.version ?? 0, error);
      }
    }
  }

  /** Writes changed snapshots to disk. */
  async save(now: number): Promise<void> {
    for (const key of [...this.unsaved]) {
      this.unsaved.delete(key);
      const snapshot = this.entries.get(key)?.snapshot;
      if (snapshot) await this.disk.save(fileName(key), [snapshot], now);
    }
  }

  private async syncNow(configs: readonly PolicyConfig[]): Promise<void> {
    const wanted = await this.store.servingVersions(configs.map((config) => config.id));
    for (const config of configs) {
      const version = config.pinned ?? wanted.get(config.id) ?? null;
      const entry = this.waiting.get(keyOf(config)) ?? this.entries.get(keyOf(config));
      if (entry && entry.wanted === version && entry.fingerprint === fingerprintOf(config)) continue;
      await this.load(config, version);
    }
    this.configs = configs;
    const live = new Set(configs.map(keyOf));
    for (const map of [this.entries, this.waiting])
      for (const id of map.keys()) if (!live.has(id)) map.delete(id);
    this.indexes.keep(
      [...this.entries.values(), ...this.waiting.values()].map(({ snapshot }) => snapshot?.sha256),
    );
  }

  private async load(config: PolicyConfig, version: number | null): Promise<void> {
    if (version === null) {
      this.tryPut(config, null, null);
      return;
    }
    const snapshot = await this.store.read(config.id, version);
    if (snapshot === null) this.refuse(config.id, version, new Error('there is no such snapshot'));
    else if (this.tryPut(config, snapshot, version)) return;
    await this.keepLastGood(config, version);
  }

  /** After a refusal: what is in memory, else the newest earlier version that passes, else the copy on disk. */
  private async keepLastGood(config: PolicyConfig, wanted: number): Promise<void> {
    const last = this.entries.get(keyOf(config));
    if (last?.serving.compiled) {
      if (this.tryPut(config, last.snapshot, wanted)) return;
      this.entries.set(keyOf(config), { ...last, wanted, fingerprint: fingerprintOf(config) });
      return;
    }
    let before = wanted;
    for (let step = 0; step < STEPS_BACK; step++) {
      const older = await this.store.readBefore(config.id, before);
      if (older === null) break;
      if (this.tryPut(config, older, wanted)) return;
      before = older.version;
    }
    const copy = await this.disk.load(fileName(keyOf(config)));
    if (copy?.lines[0]) this.tryPut(config, copy.lines[0] as Snapshot, wanted);
  }

  private tryPut(config: PolicyConfig, snapshot: Snapshot | null, wanted: number | null): boolean {
    try {
      this.put(config, snapshot, wanted);
      return true;
    } catch (error) {
      this.refuse(config.id, snapshot?.version ?? 0, error);
      return false;
    }
  }

  private put(config: PolicyConfig, snapshot: Snapshot | null, wanted: number | null): void {
    const key = keyOf(config);
    let breaker = this.breakers.get(key);
    if (!breaker) this.breakers.set(key, (breaker = new Breaker()));
    const serving = compileServingPolicy(config, asConfigured(config, snapshot), breaker);
    const entry = { serving, wanted, fingerprint: fingerprintOf(config), snapshot };
    if (snapshot !== null) this.unsaved.add(key);
    this.waiting.delete(key);
    if (this.indexes.provide(serving, snapshot) || !this.entries.get(key)?.serving.compiled)
      this.entries.set(key, entry);
    else this.waiting.set(key, entry);
    void this.indexes.built(snapshot)?.then((failure) => this.onBuilt(key, entry, failure));
  }

  /** Without an index every title is looked at: slower, and right. */
  private onBuilt(key: string, entry: Entry, failure: string | null): void {
    const { config } = entry.serving;
    if (failure !== null)
      this.logger.warn(`policy "${config.id}": without an index, every title is looked at: ${failure}`);
    this.indexes.provide(entry.serving, entry.snapshot);
    if (this.waiting.get(key) !== entry) return;
    this.waiting.delete(key);
    this.entries.set(key, entry);
  }

  private refuse(policyId: string, version: number, error: unknown): void {
    snapshotsRefused.inc({ policy: policyId });
    this.logger.error(`policy "${policyId}": version ${version} is refused: ${(error as Error).message}`);
  }
}

const fileName = (key: string): string => `snapshot-${key}.json`;
