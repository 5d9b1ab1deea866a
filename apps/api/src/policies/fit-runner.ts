import { Worker } from 'node:worker_threads';
import { runFit } from './fit.js';
import type { FitResult, FitTask } from './fit.js';

/** Where a fit's arithmetic happens. */
export abstract class FitRunner {
  abstract run(task: FitTask, progress: (share: number) => void): Promise<FitResult>;
}

type Message = { readonly progress: number } | { readonly result: FitResult };

/** In a thread of its own: a fit takes minutes, and the process must renew its job's lock meanwhile. */
export class ThreadFitRunner extends FitRunner {
  /** @param entry compiled fit-thread. */
  constructor(private readonly entry: URL = new URL('./fit-thread.js', import.meta.url)) {
    super();
  }

  run(task: FitTask, progress: (share: number) => void): Promise<FitResult> {
    const { unit, item, value, at } = task.data;
    const transfer = [unit.buffer, item.buffer, value.buffer, at.buffer] as ArrayBuffer[];
    return new Promise((resolve, reject) => {
      const worker = new Worker(this.entry, { workerData: task, transferList: transfer, name: 'fit' });
      worker.on('message', (message: Message) => {
        if ('result' in message) resolve(message.result);
        else progress(message.progress);
      });
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`the fit ended early with code ${code}`)));
    });
  }
}

/** In the calling thread, which it blocks: for tools and tests. */
export class InlineFitRunner extends FitRunner {
  async run(task: FitTask, progress: (share: number) => void): Promise<FitResult> {
    return runFit(task, progress, Date.now);
  }
}
