import type { Experiment } from '#experiments';
import type { Database } from '../persistence/database.js';
import { FeatureGuard } from '../persistence/feature-guard.js';
import { EMPTY_CONFIG, ItemIndex, compileCatalog } from './catalog-data.js';
import type { CatalogConfig, CatalogItem, PolicyConfig, ServingCatalog } from './catalog-data.js';
import type { CatalogStore } from './catalog-store.js';
import type { DiskCache } from './disk-cache.js';
import { policyCacheKey } from './serving-policy.js';
import type { CacheLogger, SnapshotCache } from './snapshot-cache.js';

const POLL_MS = 10_000;
/** Notifications within this time lead to one reload. */
const COALESCE_MS = 25;
const CONFIG_FILE = 'catalog.json';
const ITEMS_FILE = 'items.jsonl';

export interface CatalogStatus {
  /** Where the catalogue in use came from. */
  readonly source: 'database' | 'disk' | 'nothing';
  /** Seconds since PostgreSQL last confirmed it. */
  readonly ageSeconds: number;
}

/**
 * Everything that serving needs, in memory: read from PostgreSQL, replaced as a whole on notification or when the
 * ten-second poll finds a new revision, and kept on disk so that a start without PostgreSQL still serves.
 */
export class ExperimentCatalog {
  private serving: ServingCatalog = compileCatalog(EMPTY_CONFIG, new ItemIndex([]));
  private configRevision: string | null = null;
  private itemRevision: string | null = null;
  private confirmedAt = 0;
  private source: CatalogStatus['source'] = 'nothing';
  private refreshing: Promise<void> | null = null;
  private again = false;
  private stopListening: (() => Promise<void>) | null = null;
  private poll: NodeJS.Timeout | null = null;
  private soon: NodeJS.Timeout | null = null;
  private saving: Promise<void> = Promise.resolve();
  private stopped = false;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly store: CatalogStore,
    private readonly snapshots: SnapshotCache,
    private readonly disk: DiskCache,
    private readonly logger: CacheLogger,
  ) {}

  /** The catalogue to serve this request from. */
  get current(): ServingCatalog {
    return this.serving;
  }

  /** Changes whenever anything does that assignment depends on; the same on every process. Learned states do not count. */
  get revision(): string {
    return `${this.configRevision ?? 'none'}.${this.itemRevision ?? 'none'}`;
  }

  /** @param listener told after the catalogue was replaced. @returns ends it. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  status(now: number = Date.now()): CatalogStatus {
    return {
      source: this.source,
      ageSeconds: this.confirmedAt === 0 ? Infinity : Math.max(0, (now - this.confirmedAt) / 1000),
    };
  }

  /** Loads the catalogue (from disk where PostgreSQL is away) and keeps it fresh. */
  async start(db: Pick<Database, 'listen'>): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      this.logger.warn(`The catalogue could not be read from the database: ${(error as Error).message}`);
      await this.restore();
    }
    this.stopListening = db.listen(['marquee_catalog', 'marquee_snapshot'], (channel) =>
      this.onNotification(channel),
    );
    this.poll = setInterval(() => void this.refreshQuietly(), POLL_MS);
    this.poll.unref();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.poll) clearInterval(this.poll);
    if (this.soon) clearTimeout(this.soon);
    await this.stopListening?.();
    await this.refreshing?.catch(() => undefined);
    await this.saving;
  }

  /** Reads what has changed. Calls while one is running are answered by one more run. @throws when PostgreSQL is away. */
  refresh(): Promise<void> {
    if (this.refreshing) {
      this.again = true;
      return this.refreshing;
    }
    this.refreshing = this.refreshNow().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private onNotification(channel: string): void {
    if (channel === 'marquee_snapshot') {
      void this.snapshots.sync().catch(() => undefined);
      return;
    }
    if (this.soon || this.stopped) return;
    this.soon = setTimeout(() => {
      this.soon = null;
      void this.refreshQuietly();
    }, COALESCE_MS);
    this.soon.unref();
  }

  private async refreshQuietly(): Promise<void> {
    if (this.stopped) return;
    try {
      await this.refresh();
      await this.snapshots.save(Date.now());
    } catch (error) {
      this.logger.warn(
        `The catalogue was not refreshed, the last one goes on serving: ${(error as Error).message}`,
      );
    }
  }

  private async refreshNow(): Promise<void> {
    do {
      this.again = false;
      const [configRevision, itemRevision] = await Promise.all([
        this.store.configRevision(),
        this.store.itemRevision(),
      ]);
      const configChanged = configRevision !== this.configRevision;
      const itemsChanged = itemRevision !== this.itemRevision;
      const config = configChanged ? await this.store.readConfig() : this.serving.config;
      const items = await this.itemsFor(config, itemsChanged);
      // Learned states first: an experiment must not start to serve before its policies are there.
      await this.snapshots.sync(livePolicies(config));
      if (configChanged || itemsChanged) {
        this.serving = this.compile(config, items);
        this.save(configChanged ? config : null, itemsChanged ? items.all : null);
      }
      this.configRevision = configRevision;
      this.itemRevision = itemRevision;
      this.confirmedAt = Date.now();
      this.source = 'database';
      if (configChanged || itemsChanged) for (const listener of this.listeners) listener();
    } while (this.again && !this.stopped);
  }

  /** Read again where they changed; made again where policies may know something else of them. */
  private async itemsFor(config: CatalogConfig, changed: boolean): Promise<ItemIndex> {
    const { items, config: before } = this.serving;
    if (!changed && knownOf(config) === knownOf(before)) return items;
    return new ItemIndex(
      changed ? await this.store.readItems() : items.all,
      new FeatureGuard(config.features),
    );
  }

  private compile(config: CatalogConfig, items: ItemIndex): ServingCatalog {
    return compileCatalog(config, items, (experiment, why) => {
      this.logger.error(`experiment "${experiment}" is not served: ${why}`);
    });
  }

  private save(config: CatalogConfig | null, items: readonly CatalogItem[] | null): void {
    const now = Date.now();
    this.saving = this.saving
      .then(async () => {
        if (config) await this.disk.save(CONFIG_FILE, [{ ...config, testerKey: null }], now);
        if (items) await this.disk.save(ITEMS_FILE, items, now);
        await this.snapshots.save(now);
      })
      .catch((error: unknown) =>
        this.logger.warn(`The catalogue was not kept on disk: ${(error as Error).message}`),
      );
  }

  private async restore(): Promise<void> {
    const [config, items] = await Promise.all([this.disk.load(CONFIG_FILE), this.disk.load(ITEMS_FILE)]);
    if (!config?.lines[0]) {
      this.logger.error(
        'There is no copy of the catalogue on disk either: everything is answered with UNKNOWN_SURFACE',
      );
      return;
    }
    const known = config.lines[0] as CatalogConfig;
    const kept = (items?.lines ?? []) as CatalogItem[];
    this.serving = this.compile(known, new ItemIndex(kept, new FeatureGuard(known.features)));
    await this.snapshots.restore(livePolicies(known));
    this.confirmedAt = config.savedAt;
    this.source = 'disk';
    this.logger.warn(`Serving from the copy on disk of ${new Date(config.savedAt).toISOString()}`);
  }
}

/** Changes whenever policies may know something else of titles. */
const knownOf = ({ features }: CatalogConfig): string =>
  `${features?.version ?? 0} ${features?.title.known?.join() ?? ''}`;

/** Policies that an arm of a live experiment may ask for, and their shadows; a version that is named stays that version. */
function livePolicies(config: CatalogConfig): PolicyConfig[] {
  const used = new Set(config.experiments.flatMap(policiesOf));
  const byId = new Map(config.policies.map((policy) => [policy.id, policy]));
  const live = config.policies.filter((policy) => used.has(policy.id));
  const wanted = new Map(live.map((policy) => [policyCacheKey(policy.id, null), policy]));
  for (const { shadow } of live) {
    const policy = shadow ? byId.get(shadow.policyId) : undefined;
    if (!shadow || !policy) continue;
    const pinned = shadow.version === null ? {} : { pinned: shadow.version };
    wanted.set(policyCacheKey(policy.id, shadow.version), { ...policy, ...pinned });
  }
  return [...wanted.values()];
}

const policiesOf = (experiment: Experiment): string[] =>
  experiment.arms.flatMap(({ treatment }) => (treatment.kind === 'policy' ? [treatment.policyId] : []));
