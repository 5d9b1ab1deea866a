import { setImmediate as yieldToOthers } from 'node:timers/promises';

/** Serving comes first: others get their turn this often. */
const TURN_MS = 10;

/** For long work in a process that serves: ask for the next turn between its pieces. */
export class Turns {
  private begun = performance.now();

  /** Lets others have a turn where this one has lasted long enough. */
  async next(): Promise<void> {
    if (performance.now() - this.begun < TURN_MS) return;
    await yieldToOthers();
    this.begun = performance.now();
  }
}
