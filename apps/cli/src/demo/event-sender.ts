import type { ClientEvent } from '#simulation';
import { withPatience, type ApiClient } from './api-client.js';

const batchSize = 500;

/** Collects events and sends them in batches; an event leaves only once the API has acknowledged it. */
export class EventSender {
  private waiting: ClientEvent[] = [];
  private sending: Promise<void> | null = null;
  accepted = 0;
  rejected = 0;
  /** The first refusal, for the person who looks at the demo. */
  firstRejection: string | null = null;

  constructor(
    private readonly api: ApiClient,
    /** How long to keep trying while the API is away. */
    private readonly patienceMs: number,
  ) {}

  add(event: ClientEvent): void {
    this.waiting.push(event);
  }

  get backlog(): number {
    return this.waiting.length;
  }

  /** Sends all that waits, one batch at a time. */
  async flush(): Promise<void> {
    while (this.sending) await this.sending;
    if (this.waiting.length === 0) return;
    this.sending = this.sendAll().finally(() => (this.sending = null));
    await this.sending;
  }

  private async sendAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, batchSize);
      const answer = await withPatience(() => this.api.events(batch), this.patienceMs);
      this.waiting = this.waiting.slice(batch.length);
      this.accepted += answer.accepted;
      this.rejected += answer.rejected.length;
      const [first] = answer.rejected;
      if (first) this.firstRejection ??= `${first.code}: ${first.message}`;
    }
  }
}
