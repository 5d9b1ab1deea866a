/** An event as a client sent it. */
export interface SentEvent {
  readonly id: string;
  readonly kind: 'exposure' | 'outcome';
  readonly unitId: string;
  /** ISO 8601, whole milliseconds. */
  readonly at: string;
  readonly decisionId?: string;
  readonly name?: string;
  readonly value?: number;
}

/** What clients know: everything that was sent, and what of it was answered. */
export class Ledger {
  readonly sent = new Map<string, SentEvent>();
  readonly acknowledged = new Set<string>();
  /** Decisions that were answered. */
  readonly decisions = new Set<string>();
  /** Requests that ended without an answer or with 503, and requests that repeated an earlier one. */
  failures = 0;
  repeats = 0;

  send(events: readonly SentEvent[]): void {
    for (const event of events) this.sent.set(event.id, event);
  }

  acknowledge(events: readonly SentEvent[]): void {
    for (const { id } of events) this.acknowledged.add(id);
  }
}
