import { parentPort, workerData } from 'node:worker_threads';
import { evaluateOffPolicy } from '#policies';
import type { EvaluationTask } from './run-evaluation.js';

const { rows, target, options } = workerData as EvaluationTask;
try {
  parentPort?.postMessage({ result: evaluateOffPolicy(rows, target, options) });
} catch (error) {
  parentPort?.postMessage({ refused: (error as Error).message });
}
