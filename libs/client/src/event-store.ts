import type { Store } from './answer-cache.js';

/** Storage is shared with the page that the client is a part of. */
const MOST_CHARACTERS = 250_000;

/**
 * Events that the server has not got yet, for when the page does not live until it has. Several pages may keep theirs at
 * once and send each other's: the server counts an id once.
 */
export class EventStore {
  /** Whether something of this page may be in it: a store is slow, and most of the time there is nothing. */
  private used = false;

  constructor(
    private readonly store: Store | null,
    private readonly name: string,
    private readonly most: number,
  ) {}

  /** What is kept, oldest first. Broken content is removed. */
  read(): string[] {
    const events = this.stored();
    this.used ||= events.length > 0;
    return events;
  }

  /** Adds events; beyond the bounds the oldest go. @returns whether they are kept. */
  keep(events: readonly string[]): boolean {
    if (!this.store) return false;
    this.used = true;
    let size = 0;
    const all = [...new Set([...this.stored(), ...events])].slice(-this.most).reverse();
    const room = all.findIndex((event) => (size += event.length) > MOST_CHARACTERS);
    return this.write((room < 0 ? all : all.slice(0, room)).reverse());
  }

  /** Takes events out that the server has. */
  drop(events: ReadonlySet<string>): void {
    if (this.used) this.write(this.stored().filter((event) => !events.has(event)));
  }

  clear(): void {
    this.write([]);
  }

  private stored(): string[] {
    try {
      const events: unknown = JSON.parse(this.store?.getItem(this.name) ?? '[]');
      return (events as unknown[]).filter((one): one is string => typeof one === 'string' && isEvent(one));
    } catch {
      this.write([]);
      return [];
    }
  }

  private write(events: readonly string[]): boolean {
    try {
      if (events.length > 0) this.store?.setItem(this.name, JSON.stringify(events));
      else this.store?.removeItem(this.name);
      return true;
    } catch {
      // Full or forbidden: the events in memory are what there is.
      return false;
    }
  }
}

/** One that is no JSON would spoil the batch that it is sent in. */
function isEvent(text: string): boolean {
  try {
    const event: unknown = JSON.parse(text);
    return typeof event === 'object' && event !== null && !Array.isArray(event);
  } catch {
    return false;
  }
}
