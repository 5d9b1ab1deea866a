import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '#client';
import type { Client, Treatment } from '#client';
import { createRng } from '#experiments';
import type { Rng } from '#experiments';
import type { Connection } from '../connection.js';
import { designs, showcaseSurfaces } from './designs.js';

const COUNTRIES = ['DE', 'FR', 'ES', 'IT', 'GB', 'US'] as const;
const DEVICES = ['phone', 'tablet', 'tv', 'web'] as const;
/** Members of a household, and viewers that visit at once. */
const HOUSEHOLD = 3;
const AT_ONCE = 8;
const PLAY_RATE = 0.45;
const ERROR_RATE = 0.01;
/** What sound does to devices that have no permission for it; until somebody has looked into it. */
const LOUD_ERROR_RATE = 0.35;

/** Arms that make members play more, and by how much; of all others nothing is true. */
const GAIN: Readonly<Record<string, number>> = {
  [`${designs.ramped.key}/wide`]: 0.04,
  [`${designs.shipped.key}/words`]: 0.08,
  [`${designs.household.key}/table`]: 0.03,
};

/** Viewers whose app asks by the TypeScript client, as an app would: one answer for a page, seen, then used. */
export class ClientTraffic {
  private readonly client: Client;
  private readonly rng: Rng;
  /** Whether trailers with sound still break. */
  broken = true;
  visits = 0;

  /** @param run part of every viewer's id; must differ from that of any earlier process. */
  constructor(
    connection: Connection,
    private readonly run: string,
    onProblem: (reason: string) => void,
  ) {
    this.rng = createRng(`client/${run}`);
    this.client = createClient({
      ...{ url: connection.api, key: connection.publishable, unitId: `viewer-${run}`, timeoutMs: 5_000 },
      ...{ flushAt: 500, flushMs: 2_000, maxQueued: 20_000, store: null, cacheMs: 0 },
      onProblem: ({ what, reason, lost }) => {
        if (lost > 0) onProblem(`${what}: ${reason}, ${lost} events lost`);
      },
    });
  }

  /** Many viewers as fast as they are answered. */
  async crowd(viewers: number): Promise<void> {
    const first = this.visits;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (this.visits < first + viewers) await this.visit();
      }),
    );
    await this.client.flush();
  }

  /** One viewer a second until the signal. */
  async trickle(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.visit();
      await sleep(1_000, undefined, { signal }).catch(() => undefined);
    }
    await this.client.close();
  }

  private async visit(): Promise<void> {
    const number = this.visits++;
    const id = `viewer-${this.run}-${number}`;
    const country = this.pick(COUNTRIES);
    const client = this.client.forUnit(id, {
      ...{ country, market: country, device: this.pick(DEVICES) },
      householdId: `household-${this.run}-${Math.floor(number / HOUSEHOLD)}`,
    });
    const { treatments } = await client.treatments(showcaseSurfaces.map(({ key }) => ({ surface: key })));
    for (const treatment of treatments) this.use(client, treatment);
  }

  /** Seen, and played or not; events that count for another unit are sent for that one. */
  private use(client: Client, { decisionId, experiment, arm, unit }: Treatment): void {
    const counted = unit === undefined ? client : client.forUnit(unit.unitId);
    counted.expose(decisionId);
    if (this.rng.uniform() < PLAY_RATE + (GAIN[`${experiment ?? ''}/${arm ?? ''}`] ?? 0)) {
      counted.outcome('click', { decisionId });
      counted.outcome('play', { decisionId });
    }
    const loud = this.broken && experiment === designs.harmful.key && arm === 'loud';
    if (this.rng.uniform() < (loud ? LOUD_ERROR_RATE : ERROR_RATE))
      counted.outcome('playback_error', { decisionId });
  }

  private pick<T>(values: readonly T[]): T {
    return values[this.rng.below(values.length)] as T;
  }
}
