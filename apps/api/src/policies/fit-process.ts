import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { policyRegistry } from '#policies';
import { encodeCheckpoint, MOST_BYTES } from './fit-checkpoint.js';
import { DEFAULT_MEMORY_MB, needsMore, runFit } from './fit.js';
import type { CurvePoint, FitTask } from './fit.js';
import type { FitMessage } from './fit-runner.js';
import { studyTradeOffs } from './trade-offs/study.js';
import type { TradeOffTask } from './trade-offs/study.js';

/** Least time between two progress messages, in milliseconds. */
const QUIET_MS = 200;

/** Entry of a training run's own process: one task comes in, messages and one result go out. */
process.once('message', (task: FitTask | TradeOffTask) => {
  const memoryMb = task.memoryMb ?? DEFAULT_MEMORY_MB;
  const watch = new Worker(new URL('./fit-watch.js', import.meta.url), {
    workerData: { memoryMb, parent: process.ppid },
  });
  // The fit keeps this thread busy to its end, so it waits until somebody watches it.
  watch.once('online', () => answer(task, memoryMb));
});

function answer(task: FitTask | TradeOffTask, memoryMb: number): void {
  let told = 0;
  let points: CurvePoint[] = [];
  const progress = (share: number, point?: CurvePoint): void => {
    if (point) points.push(point);
    const now = Date.now();
    if (now - told < QUIET_MS && share < 1) return;
    told = now;
    say({ progress: share, points });
    points = [];
  };
  const keep = (state: Parameters<typeof encodeCheckpoint>[0]): void => {
    const checkpoint = encodeCheckpoint(state);
    if (checkpoint.length <= MOST_BYTES) say({ checkpoint });
  };
  try {
    const studied = 'study' in task ? studyTradeOffs(task, progress, Date.now) : null;
    const result = 'study' in task ? null : runFit(task, progress, Date.now, policyRegistry, keep);
    const peakMemoryMb = Math.ceil(process.resourceUsage().maxRSS / 1024);
    // Between two looks of the watch it may have been larger than it may.
    if (peakMemoryMb > memoryMb) return last({ failed: needsMore(memoryMb) });
    if (result) last({ result: { ...result, evaluation: { ...result.evaluation, peakMemoryMb } } });
    else if (studied) last({ result: studied });
  } catch (error) {
    last({ failed: error instanceof Error ? error.message : 'the fit threw something that is not an error' });
  }
}

const say = (message: FitMessage): void => void process.send?.(message);
const last = (message: FitMessage): void =>
  void process.send?.(message, undefined, undefined, () => process.exit());
