import type { Checkpoints } from '../contract.js';

/** What a fit of several stages has come to. */
interface Checkpoint {
  readonly done: Readonly<Record<string, unknown>>;
  /** The stage that goes on, and what it left. */
  readonly current: { readonly name: string; readonly state: unknown } | null;
}

/**
 * Runs the stages of a fit one after the other, each with checkpoints of its own, so that the whole goes on where it was
 * ended. What a stage comes to is kept where the stage is long: where it offers checkpoints itself, or is said to be.
 * Others are run again, which must give the same.
 */
export class Stages {
  private readonly done: Record<string, unknown>;
  private readonly current: Checkpoint['current'];

  constructor(private readonly checkpoints: Checkpoints | undefined) {
    const saved = checkpoints?.saved as Checkpoint | undefined;
    this.done = { ...saved?.done };
    this.current = saved?.current ?? null;
  }

  /**
   * @param name used once per fit.
   * @param fit its result can be cloned to other processes where it is kept.
   * @param long whether the result is kept in any case.
   */
  run<R>(name: string, fit: (checkpoints: Checkpoints) => R, long = false): R {
    if (Object.hasOwn(this.done, name)) return this.done[name] as R;
    const saved = this.current?.name === name ? { saved: this.current.state } : {};
    let isKept = long || 'saved' in saved;
    const own: Checkpoints = {
      ...saved,
      offer: (state) => {
        isKept = true;
        this.offer(() => ({ name, state: state() }));
      },
    };
    const result = fit(own);
    if (isKept) {
      this.done[name] = result;
      this.offer(() => null);
    }
    return result;
  }

  private offer(current: () => Checkpoint['current']): void {
    this.checkpoints?.offer((): Checkpoint => ({ done: { ...this.done }, current: current() }));
  }
}
