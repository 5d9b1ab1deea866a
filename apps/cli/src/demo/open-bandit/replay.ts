import type { ClientEvent } from '#simulation';
import { withPatience, type ApiClient } from '../api-client.js';
import type { EventSender } from '../event-sender.js';
import { runPooled } from '../pool.js';
import type { Progress } from '../progress.js';
import type { LoggedImpression } from './load.js';
import { openBanditSurface } from './set-up.js';

export interface RejectionOptions {
  /** Part of every event id. */
  readonly run: string;
  readonly passes: number;
  /** Stop after so many decisions. */
  readonly limit: number;
}

export interface RejectionTally {
  decisions: number;
  accepted: number;
  clicks: number;
}

const requestsAtOnce = 8;
/** Few rows count, and a learner wants them before their window closes, however slowly they come. */
const sendAt = 10;
const sendEveryMs = 500;
const patienceMs = 120_000;

/**
 * Replay by rejection (Li, Chu, Langford and Wang, WSDM 2011): each logged row is asked about, and counts only
 * where the answer is the item that the log shows. As the log is uniform, what counts is distributed as if the
 * policy itself had served it. Later passes ask again in units of their own; they repeat the same clicks.
 */
export class OpenBanditReplay {
  readonly tallies = new Map<string, RejectionTally>();
  private done = 0;
  private sentAt = Date.now();
  private events = 0;

  constructor(
    private readonly api: ApiClient,
    private readonly sender: EventSender,
    private readonly options: RejectionOptions,
    private readonly progress: Progress,
  ) {}

  async run(impressions: readonly LoggedImpression[]): Promise<void> {
    const { passes, limit } = this.options;
    function* questions(): Generator<{ impression: LoggedImpression; pass: number }> {
      let left = limit;
      for (let pass = 0; pass < passes; pass++) {
        for (const impression of impressions) if (left-- > 0) yield { impression, pass };
      }
    }
    await runPooled(questions(), requestsAtOnce, async ({ impression, pass }) => {
      await this.ask(impression, pass);
      await this.sendIfDue();
      this.progress.set(++this.done);
    });
    await this.sender.flush();
  }

  private async sendIfDue(): Promise<void> {
    const now = Date.now();
    if (this.sender.backlog < sendAt && now - this.sentAt < sendEveryMs) return;
    this.sentAt = now;
    await this.sender.flush();
  }

  private async ask(impression: LoggedImpression, pass: number): Promise<void> {
    const { row, place, itemId, clicked, context } = impression;
    const unitId = `zozo-${this.options.run}-${pass}-${row}`;
    const request = {
      unitId,
      unitType: 'impression',
      context: { ...context, place: `place-${place}` },
      requests: [{ surface: openBanditSurface }],
    };
    const [served] = await withPatience(() => this.api.treatments(request), patienceMs);
    if (!served) throw new Error('The API gave no treatment for the thumbnail.');
    const tally = this.tally(served.arm);
    tally.decisions++;
    if (served.action !== itemId) return;
    tally.accepted++;
    const detail = { unitId, decisionId: served.decisionId, actionId: itemId, itemId };
    this.emit({ kind: 'exposure', ...detail, properties: { place } });
    if (!clicked) return;
    tally.clicks++;
    this.emit({ kind: 'outcome', name: 'click', ...detail });
  }

  private tally(arm: string | null): RejectionTally {
    const key = arm ?? 'no arm';
    const tally = this.tallies.get(key) ?? { decisions: 0, accepted: 0, clicks: 0 };
    this.tallies.set(key, tally);
    return tally;
  }

  private emit(event: Omit<ClientEvent, 'id' | 'at'>): void {
    this.sender.add({
      ...event,
      id: `zozo-${this.options.run}-${this.events++}`,
      at: new Date().toISOString(),
    });
  }
}
