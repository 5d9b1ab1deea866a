import type { ClientEvent as SimulatedEvent } from '#simulation';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvent } from '../queues/event-lines.js';
import type { ClientEvent, DecisionRecord } from '../queues/jobs.js';
import type { FactStore } from '../persistence/fact-store.js';

const BATCH = 5_000;

/** Collects facts of a simulated past and stores them in large batches, by the same store as live traffic. */
export class HistoryWriter {
  private decisions: string[] = [];
  private events: ClientEvent[] = [];
  stored = { decisions: 0, events: 0 };

  constructor(private readonly facts: FactStore) {}

  decision(record: DecisionRecord): void {
    this.decisions.push(encodeDecision(record));
  }

  event(event: SimulatedEvent, receivedAt: number): void {
    this.events.push({
      id: event.id,
      kind: event.kind,
      unitId: event.unitId,
      at: Date.parse(event.at),
      receivedAt,
      decisionId: event.decisionId ?? null,
      name: event.name ?? null,
      value: event.value ?? null,
      actionId: event.actionId ?? null,
      itemId: event.itemId ?? null,
      position: event.position ?? null,
      properties: event.properties ?? null,
    });
  }

  /**
   * Hands over what has come together until now, to be stored by calling the result; what comes from now on waits for the
   * next time. Decisions are stored first, since events name them.
   */
  take(): () => Promise<void> {
    const { decisions, events } = this;
    this.decisions = [];
    this.events = [];
    return async () => {
      for (let i = 0; i < decisions.length; i += BATCH) {
        const { stored } = await this.facts.insertDecisions(decisions.slice(i, i + BATCH));
        this.stored.decisions += stored;
      }
      for (let i = 0; i < events.length; i += BATCH) await this.store(events.slice(i, i + BATCH));
    };
  }

  private async store(events: readonly ClientEvent[]): Promise<void> {
    const times = events.map((event) => event.at);
    const { stored } = await this.facts.insertEvents({
      count: events.length,
      firstAt: Math.min(...times),
      lastAt: Math.max(...times),
      lines: events.map(encodeEvent).join(''),
    });
    this.stored.events += stored;
  }
}
