import type { FactStore, Stored } from './fact-store.js';

const FLUSH_MS = 1_000;

/** Durable counters of what was stored. Written once a second: a counter per batch would make every batch wait for the same row. */
export class IngestTally {
  private counters = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly facts: Pick<FactStore, 'count'>) {}

  start(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.timer.unref();
  }

  /** Writes what is left. */
  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.flush();
  }

  stored(what: 'events' | 'decisions', result: Stored): void {
    this.add(`ingest.${what}_stored`, result.stored);
    this.add(`ingest.${what}_duplicate`, result.duplicates);
    this.add(`ingest.${what}_erased`, result.erased);
  }

  add(name: string, by: number): void {
    if (by > 0) this.counters.set(name, (this.counters.get(name) ?? 0) + by);
  }

  private async flush(): Promise<void> {
    const counters = this.counters;
    this.counters = new Map();
    try {
      await this.facts.count(counters);
    } catch {
      for (const [name, value] of counters) this.add(name, value);
    }
  }
}
