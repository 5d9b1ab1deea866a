import type { Rng } from '#experiments';

/** Draws of one kind in a row. */
export type DrawnRun = readonly [kind: 'uniform' | 'normal', draws: number];

/** A stream of chance that knows what was drawn from it, so that another one of the same seed can be brought to the same place. */
export class JournalRng implements Rng {
  private readonly runs: [kind: DrawnRun[0], draws: number][] = [];

  constructor(private readonly rng: Rng) {}

  uniform(): number {
    this.note('uniform');
    return this.rng.uniform();
  }

  normal(): number {
    this.note('normal');
    return this.rng.normal();
  }

  below(n: number): number {
    this.note('uniform');
    return this.rng.below(n);
  }

  fork(label: string): Rng {
    return this.rng.fork(label);
  }

  /** A copy of all that was drawn, in order. */
  get journal(): readonly DrawnRun[] {
    return this.runs.map(([kind, draws]) => [kind, draws]);
  }

  /** Brings a stream that nothing was drawn from yet to where a journal was taken. */
  replay(journal: readonly DrawnRun[]): void {
    for (const [kind, draws] of journal) for (let n = 0; n < draws; n++) this[kind]();
  }

  private note(kind: DrawnRun[0]): void {
    const last = this.runs.at(-1);
    if (last?.[0] === kind) last[1]++;
    else this.runs.push([kind, 1]);
  }
}
