import type { Treatment, TreatmentRequest } from './types.js';

/** What of localStorage is used; anything with these three will do. */
export interface Store {
  getItem(name: string): string | null;
  setItem(name: string, text: string): void;
  removeItem(name: string): void;
}

interface Entry {
  readonly at: number;
  readonly treatment: Treatment;
}

/** Answers in memory, of all units; and of the client's own unit in the store. */
const MOST_IN_MEMORY = 500;
const MOST_STORED = 50;
/** Reasons of answers that are no choice of the server's: an earlier choice is worth more. */
const NO_CHOICE = /^(FALLBACK_|UNKNOWN_SURFACE|NO_CANDIDATES)/;

/** The same question, whatever the context: what is kept is the last answer to it. */
const questionOf = ({ surface, subject, actions, limit }: TreatmentRequest): string =>
  JSON.stringify([surface, subject ?? null, actions?.map(({ id }) => id) ?? null, limit ?? null]);

/**
 * The last good answers, for when the server is away. In memory for every unit; in the store for one unit only, so that
 * whoever signs in next on a device finds nothing of the one before.
 */
export class AnswerCache {
  private readonly entries = new Map<string, Entry>();

  /**
   * @param owner the unit whose answers may be stored.
   * @param maxAgeMs how old an answer may be; 0 keeps none.
   */
  constructor(
    private readonly store: Store | null,
    private readonly name: string,
    private readonly owner: string,
    private readonly maxAgeMs: number,
  ) {}

  /** Takes over what an earlier page stored. Foreign, old or broken content is removed. */
  load(): void {
    try {
      const text = this.store?.getItem(this.name);
      if (!text) return;
      const { unit, answers } = JSON.parse(text) as { unit: unknown; answers: [string, number, Treatment][] };
      if (unit !== this.owner) return this.store?.removeItem(this.name);
      for (const [key, at, treatment] of answers)
        if (typeof treatment.decisionId === 'string' && !this.entries.has(key))
          this.entries.set(key, { at: Number(at), treatment });
    } catch {
      this.drop();
    }
  }

  get(unit: string, request: TreatmentRequest): Treatment | undefined {
    // Who is decided within another decision cannot be answered without it.
    if (this.maxAgeMs <= 0 || request.parent !== undefined) return undefined;
    const entry = this.entries.get(unit + questionOf(request));
    return entry && Date.now() - entry.at <= this.maxAgeMs ? entry.treatment : undefined;
  }

  keep(unit: string, requests: readonly TreatmentRequest[], treatments: readonly Treatment[]): void {
    if (this.maxAgeMs <= 0) return;
    requests.forEach((request, index) => {
      const treatment = treatments[index];
      if (typeof treatment?.decisionId !== 'string' || NO_CHOICE.test(treatment.reason)) return;
      const key = unit + questionOf(request);
      // Deleted first, so that the order is that of use and the oldest go.
      this.entries.delete(key);
      this.entries.set(key, { at: Date.now(), treatment });
    });
    for (const key of this.entries.keys()) {
      if (this.entries.size <= MOST_IN_MEMORY) break;
      this.entries.delete(key);
    }
    if (unit === this.owner) this.write();
  }

  /** Forgets everything, here and in the store. */
  clear(): void {
    this.entries.clear();
    this.drop();
  }

  private write(): void {
    const own = [...this.entries].filter(([key]) => key.startsWith(`${this.owner}[`)).slice(-MOST_STORED);
    try {
      const answers = own.map(([key, { at, treatment }]) => [key, at, treatment]);
      this.store?.setItem(this.name, JSON.stringify({ unit: this.owner, answers }));
    } catch {
      // Full or forbidden: the answers in memory are what there is.
    }
  }

  private drop(): void {
    try {
      this.store?.removeItem(this.name);
    } catch {
      // Nothing was kept where nothing can be removed.
    }
  }
}

/** localStorage where a page has one and allows it. */
export function pageStore(): Store | null {
  try {
    const { document, localStorage } = globalThis as { document?: unknown; localStorage?: Store };
    // Node has a localStorage as well, in a file; a server's answers are not for it.
    return document === undefined ? null : (localStorage ?? null);
  } catch {
    return null;
  }
}
