import { parentPort, workerData } from 'node:worker_threads';
import { runFit } from './fit.js';
import type { FitTask } from './fit.js';

/** Least time between two progress messages, in milliseconds. */
const QUIET_MS = 200;

let told = 0;
const result = runFit(
  workerData as FitTask,
  (share) => {
    const now = Date.now();
    if (now - told < QUIET_MS) return;
    told = now;
    parentPort?.postMessage({ progress: share });
  },
  Date.now,
);
parentPort?.postMessage({ result });
