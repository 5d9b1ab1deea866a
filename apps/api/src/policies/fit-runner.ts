import { fork } from 'node:child_process';
import { DEFAULT_MEMORY_MB, needsMore, runFit } from './fit.js';
import type { CurvePoint, FitResult, FitTask, RunProgress } from './fit.js';
import { TOO_MUCH_MEMORY } from './fit-watch.js';

/** Where a fit's arithmetic happens. */
export abstract class FitRunner {
  abstract run(task: FitTask, progress: RunProgress): Promise<FitResult>;
}

/** What the process of a fit says. */
export type FitMessage =
  | { readonly progress: number; readonly points: readonly CurvePoint[] }
  | { readonly result: FitResult }
  | { readonly failed: string };

const HEAP_FULL = 'heap out of memory';
/** Characters of the child's standard error that are kept. */
const LAST_WORDS = 4000;

/**
 * In a process of its own: a fit takes minutes, and this process must renew its job's lock meanwhile; and a fit that
 * takes too much memory ends alone.
 */
export class ProcessFitRunner extends FitRunner {
  /** @param entry compiled fit-process. */
  constructor(private readonly entry: URL = new URL('./fit-process.js', import.meta.url)) {
    super();
  }

  run(task: FitTask, progress: RunProgress): Promise<FitResult> {
    const memoryMb = task.memoryMb ?? DEFAULT_MEMORY_MB;
    const child = fork(this.entry, {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${memoryMb}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let words = '';
    child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-LAST_WORDS)));
    return new Promise((resolve, reject) => {
      child.on('message', (message: FitMessage) => {
        if ('result' in message) resolve(message.result);
        else if ('failed' in message) reject(new Error(message.failed));
        else {
          for (const point of message.points) progress(message.progress, point);
          progress(message.progress);
        }
      });
      child.on('error', reject);
      // Once its standard error has been read to the end.
      child.on('close', (code, signal) => reject(new Error(endOf(words, memoryMb, code, signal))));
      child.send(task);
    });
  }
}

function endOf(words: string, memoryMb: number, code: number | null, signal: string | null): string {
  if (words.includes(TOO_MUCH_MEMORY) || words.includes(HEAP_FULL)) return needsMore(memoryMb);
  return `the process of the fit ended early with ${signal === null ? `code ${code ?? '?'}` : signal}`;
}

/** In the calling thread, which it blocks: for tools and tests. */
export class InlineFitRunner extends FitRunner {
  async run(task: FitTask, progress: RunProgress): Promise<FitResult> {
    return runFit(task, progress, Date.now);
  }
}
