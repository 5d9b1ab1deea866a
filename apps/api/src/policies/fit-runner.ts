import { fork } from 'node:child_process';
import { policyRegistry } from '#policies';
import { encodeCheckpoint } from './fit-checkpoint.js';
import { DEFAULT_MEMORY_MB, needsMore, runFit } from './fit.js';
import type { CurvePoint, FitResult, FitTask, RunProgress } from './fit.js';
import { TOO_MUCH_MEMORY } from './fit-watch.js';
import { studyTradeOffs } from './trade-offs/study.js';
import type { TradeOffFindings, TradeOffTask } from './trade-offs/study.js';

/** Where a fit's arithmetic happens. */
export abstract class FitRunner {
  /**
   * @param keep given points, as encodeCheckpoint makes them, from which the same task can go on (`resume`).
   * @throws FitInterrupted when it was ended from outside.
   */
  abstract run(task: FitTask, progress: RunProgress, keep?: (bytes: Uint8Array) => void): Promise<FitResult>;
  abstract study(task: TradeOffTask, progress: (share: number) => void): Promise<TradeOffFindings>;
}

/** The process of a fit was ended by something that the fit has no part in. */
export class FitInterrupted extends Error {}

/** What the process of a fit says. */
export type FitMessage =
  | { readonly progress: number; readonly points: readonly CurvePoint[] }
  | { readonly checkpoint: Uint8Array }
  | { readonly result: FitResult | TradeOffFindings }
  | { readonly failed: string };

const HEAP_FULL = 'heap out of memory';
/** Characters of the child's standard error that are kept. */
const LAST_WORDS = 4000;

/**
 * In a process of its own: a fit takes minutes, and this process must renew its job's lock meanwhile; and a fit that
 * takes too much memory ends alone.
 */
export class ProcessFitRunner extends FitRunner {
  /** @param entry compiled fit-process. @param started told the number of each process. */
  constructor(
    private readonly entry: URL = new URL('./fit-process.js', import.meta.url),
    private readonly started: (pid: number) => void = () => undefined,
  ) {
    super();
  }

  run(
    task: FitTask,
    progress: RunProgress,
    keep: (bytes: Uint8Array) => void = () => undefined,
  ): Promise<FitResult> {
    return this.fork<FitResult>(task, progress, keep);
  }

  study(task: TradeOffTask, progress: (share: number) => void): Promise<TradeOffFindings> {
    return this.fork<TradeOffFindings>(task, progress);
  }

  private fork<Result extends FitResult | TradeOffFindings>(
    task: FitTask | TradeOffTask,
    progress: RunProgress,
    keep: (bytes: Uint8Array) => void = () => undefined,
  ): Promise<Result> {
    const memoryMb = task.memoryMb ?? DEFAULT_MEMORY_MB;
    const child = fork(this.entry, {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${memoryMb}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    if (child.pid !== undefined) this.started(child.pid);
    let words = '';
    child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-LAST_WORDS)));
    return new Promise((resolve, reject) => {
      child.on('message', (message: FitMessage) => {
        if ('result' in message) resolve(message.result as Result);
        else if ('checkpoint' in message) keep(message.checkpoint);
        else if ('failed' in message) reject(new Error(message.failed));
        else {
          for (const point of message.points) progress(message.progress, point);
          progress(message.progress);
        }
      });
      child.on('error', reject);
      // Once its standard error has been read to the end.
      child.on('close', (code, signal) => reject(endOf(words, memoryMb, code, signal)));
      child.send(task);
    });
  }
}

function endOf(words: string, memoryMb: number, code: number | null, signal: string | null): Error {
  if (words.includes(TOO_MUCH_MEMORY) || words.includes(HEAP_FULL)) return new Error(needsMore(memoryMb));
  const how = signal === null ? `code ${code ?? '?'}` : signal;
  return new FitInterrupted(`the process of the fit ended early with ${how}`);
}

/** In the calling thread, which it blocks: for tools and tests. */
export class InlineFitRunner extends FitRunner {
  async run(
    task: FitTask,
    progress: RunProgress,
    keep: (bytes: Uint8Array) => void = () => undefined,
  ): Promise<FitResult> {
    return runFit(task, progress, Date.now, policyRegistry, (state) => keep(encodeCheckpoint(state)));
  }

  async study(task: TradeOffTask, progress: (share: number) => void): Promise<TradeOffFindings> {
    return studyTradeOffs(task, progress, Date.now);
  }
}
