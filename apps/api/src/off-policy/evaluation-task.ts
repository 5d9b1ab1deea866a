// Not all policies: loading them takes a thread longer than most evaluations.
import { evaluateOffPolicy, evaluateSlates } from '#policies/off-policy';
import type {
  LoggedRows,
  LoggedSlates,
  OffPolicyEvaluation,
  OffPolicyOptions,
  SlateEvaluation,
  SlateOptions,
} from '#policies/off-policy';

/** A log and a candidate's distributions on it; plain data, so that it can go to another thread. */
export type EvaluationTask =
  | {
      readonly kind: 'action';
      readonly rows: LoggedRows;
      readonly target: Float64Array;
      readonly options: OffPolicyOptions;
    }
  | {
      readonly kind: 'slate';
      readonly log: LoggedSlates;
      readonly target: Float64Array;
      readonly options: SlateOptions;
    };

export const evaluateTask = (task: EvaluationTask): OffPolicyEvaluation | SlateEvaluation =>
  task.kind === 'action'
    ? evaluateOffPolicy(task.rows, task.target, task.options)
    : evaluateSlates(task.log, task.target, task.options);
