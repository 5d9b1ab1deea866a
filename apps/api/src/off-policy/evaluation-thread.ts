import { parentPort, workerData } from 'node:worker_threads';
import { evaluateTask } from './evaluation-task.js';
import type { EvaluationTask } from './evaluation-task.js';

try {
  parentPort?.postMessage({ result: evaluateTask(workerData as EvaluationTask) });
} catch (error) {
  parentPort?.postMessage({ refused: (error as Error).message });
}
