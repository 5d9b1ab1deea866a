import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ApiClient } from '../api-client.js';
import { Refused } from '../api-client.js';
import type { Connection } from '../connection.js';
import { ensure, ensureList } from '../set-up.js';
import { ClientTraffic } from './client-traffic.js';
import {
  designs,
  showcaseHoldouts,
  showcaseLayers,
  showcaseLists,
  showcaseSegments,
  showcaseSurfaces,
} from './designs.js';

const DAY_MS = 86_400_000;
/** Enough for the guardrails to be sure of the harm, a few seconds of traffic. */
const CROWD = 1_200;
/** What was measured must be counted before it is looked at for good. */
const COUNTED_MS = 30_000;
const LOOK_EVERY_MS = 10_000;
/** How long a breach stays open before somebody of the team takes it back. */
const NOTICED_MS = 60_000;

const guardrailsSchema = z.object({ open: z.number(), breaches: z.array(z.object({ done: z.string() })) });
const statusSchema = z.object({ status: z.string() });

const pathOf = (key: string, part = ''): string => `/v1/experiments/${key}${part}`;

/**
 * Experiments in every state of a life, in the product's own way: through its API, with traffic of the TypeScript client, a
 * guardrail that fires by itself and is taken back. Safe to run again; ends with the signal.
 */
export class Showcase {
  private readonly traffic: ClientTraffic;

  constructor(
    private readonly api: ApiClient,
    connection: Connection,
    run: string,
    private readonly complain: (line: string) => void,
  ) {
    this.traffic = new ClientTraffic(connection, run, complain);
  }

  async run(signal: AbortSignal): Promise<void> {
    const fresh = (await this.statusOf(designs.archived.key)) !== 'archived';
    if (fresh) {
      await this.setUp();
      await this.start();
      await this.traffic.crowd(CROWD);
      await sleep(COUNTED_MS, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.goOn();
    }
    const watched = this.takeBack(signal).catch((error: unknown) => this.complain(String(error)));
    await this.traffic.trickle(signal);
    await watched;
  }

  private async statusOf(key: string): Promise<string | null> {
    try {
      return statusSchema.parse(await this.api.persist('GET', pathOf(key))).status;
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return null;
      throw error;
    }
  }

  private async setUp(): Promise<void> {
    const { api } = this;
    for (const surface of showcaseSurfaces) await ensure(api, '/v1/surfaces', surface);
    for (const layer of showcaseLayers) await ensure(api, '/v1/layers', layer);
    for (const list of showcaseLists) await ensureList(api, list);
    for (const segment of showcaseSegments) await ensure(api, '/v1/segments', segment);
    for (const holdout of showcaseHoldouts) await ensure(api, '/v1/holdouts', holdout);
    for (const design of Object.values(designs)) await ensure(api, '/v1/experiments', design);
    await this.webhook();
  }

  /** Everything but the draft begins; what is to stop has to have run. */
  private async start(): Promise<void> {
    const { ramped, harmful, scheduled } = designs;
    await this.patch(pathOf(harmful.key, '/guardrails'), {
      ...{ errors: 'control', minimumMinutes: 0, minimumUnits: 100 },
    });
    await this.patch(pathOf(ramped.key, '/schedule'), {
      ramp: [
        { traffic: 0.5, afterMinutes: 60, needs: 'guardrails' },
        { traffic: 1, afterMinutes: 1_440, needs: 'guardrails' },
      ],
      stopWhen: { units: 50_000 },
      endAt: new Date(Date.now() + 28 * DAY_MS).toISOString(),
    });
    for (const [name, { key }] of Object.entries(designs))
      if (name !== 'draft' && name !== 'scheduled' && (await this.statusOf(key)) === 'draft')
        await this.act(key, 'start');
    if ((await this.statusOf(scheduled.key)) === 'draft')
      await this.patch(pathOf(scheduled.key, '/schedule'), {
        startAt: new Date(Date.now() + 3 * DAY_MS).toISOString(),
        endAt: new Date(Date.now() + 17 * DAY_MS).toISOString(),
        atEnd: 'pause',
      });
  }

  /** How the lives go on, each with the words of those who decided. */
  private async goOn(): Promise<void> {
    const { paused, stopped, shipped, archived, ramped, scheduled } = designs;
    await this.note(ramped.key, 'comment', 'First step is live. The rows below look as always.');
    await this.note(
      scheduled.key,
      'comment',
      'Clashes with the bigger banner: it should join its layer by Friday.',
    );
    await this.act(paused.key, 'pause', {
      arm: 'control',
      reason: 'Waits for the new pictures of the studio.',
    });
    await this.note(stopped.key, 'decision', 'Two lines hide the genre. We try three lines in spring.');
    await this.act(stopped.key, 'stop', { reason: 'Support asks where the rest of the text is.' });
    await this.note(shipped.key, 'decision', 'Clear enough, and nobody complained: everybody gets it.');
    await this.act(shipped.key, 'ship', { arm: 'words', reason: 'More plays, no more errors.' });
    await this.act(archived.key, 'stop', { reason: 'Only ever a trial of the badge service.' });
    await this.approve();
    // Last: it says that all of this is done.
    await this.act(archived.key, 'archive');
  }

  /** Asked by one person, given by another, whose key is of no use afterwards. */
  private async approve(): Promise<void> {
    const { key } = designs.draft;
    await this.note(key, 'comment', 'Starts once the banner has reached everybody.');
    await this.api.persist('POST', pathOf(key, '/approval'), { comment: 'Ready from our side.' });
    const second = z
      .object({ id: z.string(), key: z.string() })
      .parse(
        await this.api.persist('POST', '/v1/keys', { name: 'Second person of the demo', role: 'admin' }),
      );
    await this.api.call(
      'POST',
      pathOf(key, '/approval/decision'),
      { decision: 'approve', comment: 'The hypothesis is clear.' },
      second.key,
    );
    await this.api.persist('DELETE', `/v1/keys/${second.id}`);
  }

  /** To an address of nobody, so that it is never used: webhooks go to public addresses only. */
  private async webhook(): Promise<void> {
    const { items } = z
      .object({ items: z.array(z.unknown()) })
      .parse(await this.api.persist('GET', '/v1/webhooks'));
    if (items.length > 0) return;
    try {
      const { id } = z.object({ id: z.string() }).parse(
        await this.api.persist('POST', '/v1/webhooks', {
          url: 'https://example.com/marquee',
          description: 'Disabled example: put in your own address, then enable it',
          events: ['experiment.*', 'guardrail.*'],
        }),
      );
      await this.patch(`/v1/webhooks/${id}`, { enabled: false });
    } catch (error) {
      // Without the internet its name leads nowhere.
      if (!(error instanceof Refused)) throw error;
    }
  }

  /** Waits for the guardrail to fire, lets it be seen, then mends what was wrong and takes it back. */
  private async takeBack(signal: AbortSignal): Promise<void> {
    const { key } = designs.harmful;
    while (!signal.aborted) {
      const { open, breaches } = guardrailsSchema.parse(
        await this.api.persist('GET', pathOf(key, '/guardrails')),
      );
      // It was taken back, now or in an earlier run.
      if (open === 0 && breaches.length > 0) return void (this.traffic.broken = false);
      if (open > 0) {
        await sleep(NOTICED_MS, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        this.traffic.broken = false;
        await this.note(
          key,
          'comment',
          'Old televisions refuse sound without a key press. Mended in the player.',
        );
        await this.api.persist('POST', pathOf(key, '/guardrails/undo'), {
          reason: 'The player asks for permission now.',
        });
        return;
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private act(key: string, action: string, body: object = {}): Promise<unknown> {
    return this.api.persist('POST', pathOf(key, `/${action}`), body);
  }

  private note(key: string, kind: 'comment' | 'decision', text: string): Promise<unknown> {
    return this.api.persist('POST', pathOf(key, '/notes'), { kind, text });
  }

  /** What was set once stays as people have left it: a second time it would need the version. */
  private async patch(path: string, body: object): Promise<void> {
    try {
      await this.api.persist('PATCH', path, body);
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 428) throw error;
    }
  }
}
