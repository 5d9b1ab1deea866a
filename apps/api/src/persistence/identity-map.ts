import { Global, Inject, Injectable, Logger, Module } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { BUILT_IN_UNIT_TYPES } from '#experiments';
import type { Context, UnitType } from '#experiments';
import { Database } from './database.js';

const POLL_MS = 10_000;
const PAGE = 20_000;

/** More aliases are refused: every process keeps all of them in memory, some 150 bytes each. */
export const MOST_ALIASES = 1_000_000;

interface AliasRow extends Record<string, unknown> {
  readonly unit_id: string;
  readonly unit_type: string;
  readonly kept: string;
  readonly seq: string;
}
interface Alias {
  readonly unitType: string;
  readonly kept: string;
}

/**
 * Units that are known by an earlier id, in memory: an anonymous unit and the member it became are one unit, and the id
 * that was seen first stands for both. Read from PostgreSQL on start, kept up with by notification and a poll. Without
 * PostgreSQL the last picture goes on serving.
 */
@Injectable()
export class IdentityMap implements OnModuleInit, OnApplicationShutdown {
  private aliases = new Map<string, Alias>();
  private last = '0';
  private reading: Promise<void> | null = null;
  private again = false;
  private anew = false;
  private poll: NodeJS.Timeout | null = null;
  private stopListening: (() => Promise<void>) | null = null;
  private readonly logger = new Logger('Identities');

  constructor(@Inject(Database) private readonly db: Database) {}

  async onModuleInit(): Promise<void> {
    await this.refreshQuietly();
    this.stopListening = this.db.listen(['marquee_alias'], (_channel, payload) => {
      // Inserts are read from where the last reading ended; what is gone or changed is noticed by reading all.
      if (payload !== 'insert' && payload !== '') this.anew = true;
      void this.refreshQuietly();
    });
    this.poll = setInterval(() => void this.refreshQuietly(), POLL_MS);
    this.poll.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.poll) clearInterval(this.poll);
    await this.stopListening?.();
    await this.reading?.catch(() => undefined);
  }

  /** How many aliases there are. */
  get size(): number {
    return this.aliases.size;
  }

  /** The id that stands for a unit: its own, unless it was first seen under another. */
  resolve(unitId: string): string {
    return this.aliases.size === 0 ? unitId : (this.aliases.get(unitId)?.kept ?? unitId);
  }

  /** As resolve, where the type of the unit is known: an alias counts for units of its own type. */
  resolveTyped(unitId: string, unitType: string): string {
    if (this.aliases.size === 0) return unitId;
    const alias = this.aliases.get(unitId);
    return alias?.unitType === unitType ? alias.kept : unitId;
  }

  /** Units that a context names, under the ids that stand for them: as experiments on them know them, and their events. */
  resolveContext(context: Context, types: readonly UnitType[] = BUILT_IN_UNIT_TYPES): Context {
    if (this.aliases.size === 0) return context;
    let known = context;
    for (const { key, contextField } of types) {
      const id = contextField !== null && Object.hasOwn(context, contextField) ? context[contextField] : null;
      if (contextField === null || typeof id !== 'string') continue;
      const kept = this.resolveTyped(id, key);
      if (kept !== id) known = { ...known, [contextField]: kept };
    }
    return known;
  }

  /** Reads what is new; a writer calls it so that its own process knows at once. @throws when PostgreSQL is away. */
  refresh(): Promise<void> {
    if (this.reading) {
      this.again = true;
      return this.reading;
    }
    this.reading = this.read().finally(() => {
      this.reading = null;
    });
    return this.reading;
  }

  private async refreshQuietly(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      this.logger.warn(`Identities were not read, the last ones go on serving: ${(error as Error).message}`);
    }
  }

  private async read(): Promise<void> {
    do {
      this.again = false;
      const all = this.anew;
      this.anew = false;
      const aliases = all ? new Map<string, Alias>() : this.aliases;
      let last = all ? '0' : this.last;
      for (;;) {
        const rows = await this.db.query<AliasRow>(
          'select unit_id, unit_type, kept, seq from unit_alias where seq > $1 order by seq limit $2',
          [last, PAGE],
        );
        for (const row of rows) aliases.set(row.unit_id, { unitType: row.unit_type, kept: row.kept });
        last = rows.at(-1)?.seq ?? last;
        if (rows.length < PAGE) break;
      }
      this.aliases = aliases;
      this.last = last;
    } while (this.again || this.anew);
  }
}

/** Of the HTTP process: it serves and takes in events by the id that is kept. */
@Global()
@Module({ providers: [IdentityMap], exports: [IdentityMap] })
export class IdentityMapModule {}
