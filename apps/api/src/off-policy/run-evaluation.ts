import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { OffPolicyEvaluation, SlateEvaluation } from '#policies';
import { Problem } from '../http/problem.js';
import { evaluateTask } from './evaluation-task.js';
import type { EvaluationTask } from './evaluation-task.js';

type Evaluation = OffPolicyEvaluation | SlateEvaluation;
type Message = { readonly result: Evaluation } | { readonly refused: string };

/** Compiled beside this file; a program that runs from its sources has none and calculates in its own thread. */
const THREAD = new URL('./evaluation-thread.js', import.meta.url);

const refusal = (why: string): Problem =>
  Problem.conflict('invalid_log', `The log cannot be evaluated: ${why}`);

/**
 * Evaluates in a thread of its own: it takes seconds, and the process must go on serving.
 * @throws Problem 409 `invalid_log` for a log that breaks the rules of `evaluateOffPolicy` or `evaluateSlates`.
 */
export function runEvaluation(task: EvaluationTask): Promise<Evaluation> {
  return new Promise((resolve, reject) => {
    if (!fs.existsSync(THREAD)) {
      try {
        resolve(evaluateTask(task));
      } catch (error) {
        reject(refusal((error as Error).message));
      }
      return;
    }
    const worker = new Worker(THREAD, { workerData: task, name: 'off-policy' });
    worker.on('message', (message: Message) =>
      'result' in message ? resolve(message.result) : reject(refusal(message.refused)),
    );
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the evaluation ended early with code ${code}`)));
  });
}
