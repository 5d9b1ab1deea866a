import { defineParams, DomainError } from '#experiments';
import type { Rng } from '#experiments';
import { z } from 'zod';
import type {
  DecisionRequest,
  FitProgress,
  FitStart,
  Ranker,
  RecommenderPolicy,
  TaskRows,
  TrainingSet,
} from '../contract.js';
import { holdOut, trainUntilBest } from './deep/batches.js';
import { Examples } from './deep/examples.js';
import { decodeRanking, encodeRanking, RankingScorer, trainedState } from './deep/model.js';
import type { RankingState } from './deep/model.js';
import { networkParams, networkRules } from './deep/params.js';
import { RankingNet } from './deep/ranking-net.js';
import { questionsOf, TaskTrainer } from './deep/task-trainer.js';
import type { TaskRow } from './deep/task-trainer.js';
import { CountedRng } from '../sampling/counted-rng.js';
import type { Uniforms } from '../sampling/counted-rng.js';
import { shuffle } from '../sampling/shuffle.js';

const taskName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
  .describe('Name of the task.');
const event = z.string().min(1).max(200);

const schema = z.object({
  ...networkParams,
  tasks: z
    .array(
      z.object({
        name: taskName,
        trial: event.describe('Outcome that asks the question: search, notification_sent, play.'),
        success: event.describe(
          'Outcome that answers it with yes: search_success, notification_open, complete.',
        ),
        withinHours: z.number().positive().max(2160).default(24).describe('Time for the answer, in hours.'),
      }),
    )
    .max(16)
    .default([])
    .describe('What is learned besides the plays themselves: one head for each.'),
  objective: z
    .record(z.string(), z.number().min(-100).max(100))
    .default({ play: 1 })
    .describe(
      'Weight of each task in the order that is served, on its log-odds; a context with a task asks for that one.',
    ),
  only: z
    .array(taskName)
    .max(17)
    .default([])
    .describe('Tasks that are learned; none named: all of them. To compare with a model for one task alone.'),
  negatives: z
    .int()
    .min(1)
    .max(20)
    .default(4)
    .describe('Titles drawn per play as not played: the questions of the task "play".'),
});
type Params = z.output<typeof schema>;

const PLAY = 'play';
const WATCHED = { most: 2048, share: 0.05 };

/** Every play is a question answered with yes, and some titles drawn at its moment are answered with no. */
function plays(data: TrainingSet, negatives: number, rng: Rng): TaskRows {
  const width = 1 + negatives;
  const rows = data.item.length * width;
  const of = (row: number): number => Math.floor(row / width);
  return {
    name: PLAY,
    unit: Uint32Array.from({ length: rows }, (_, row) => data.unit[of(row)] as number),
    item: Int32Array.from({ length: rows }, (_, row) =>
      row % width === 0 ? (data.item[of(row)] as number) : rng.below(data.items.length),
    ),
    label: Uint8Array.from({ length: rows }, (_, row) => (row % width === 0 ? 1 : 0)),
    at: Float64Array.from({ length: rows }, (_, row) => data.at[of(row)] as number),
    context: Int32Array.from({ length: rows }, (_, row) => data.context?.[of(row)] ?? -1),
  };
}

/** Every row once, in any order: a small task is heard as often as it speaks, or it would be learned by heart. */
function epochOf(train: readonly Uint32Array[], rng: Uniforms): TaskRow[] {
  const rows = train.flatMap((own, task) => Array.from(own, (row) => ({ task, row })));
  const order = shuffle(
    Uint32Array.from(rows, (_, i) => i),
    rng,
  );
  return Array.from(order, (i) => rows[i] as TaskRow);
}

function fit(
  data: TrainingSet,
  params: Params,
  rng: Rng,
  progress: FitProgress,
  { checkpoints }: FitStart<RankingState> = {},
): RankingState {
  const examples = new Examples(data, networkRules(params));
  const { batch, epochs } = params;
  const all = [plays(data, params.negatives, rng.fork('negatives')), ...(data.tasks ?? [])];
  const tasks = params.only.length === 0 ? all : all.filter(({ name }) => params.only.includes(name));
  if (tasks.length === 0)
    throw new DomainError('no_rows', `none of the tasks ${params.only.join(', ')} is in the data`, '/only');
  const net = new RankingNet(
    {
      dimension: params.dimension,
      hidden: params.hidden,
      heads: tasks.length,
      titles: data.items.length,
      titleFeatures: data.items.length + examples.titleSpace.size,
      contextFeatures: examples.contextSpace.size,
      queries: batch,
      rows: batch,
      pairs: batch,
      trained: true,
      memoryLimit: params.memoryMb * 1024 ** 2,
    },
    rng.fork('weights'),
  );
  const questions = tasks.map((task) => questionsOf(task, examples));
  const options = { rate: params.learningRate, decay: params.decay, dropped: params.dropped };
  const [steps, order] = [new CountedRng(rng.fork('steps')), new CountedRng(rng.fork('order'))];
  const trainer = new TaskTrainer(net, examples, questions, options, steps);
  const split = rng.fork('watch');
  const parts = questions.map(({ label }) => holdOut(label.length, WATCHED.share, WATCHED.most, split));
  const watch = parts.flatMap((part, task) => Array.from(part.watch, (row) => ({ task, row })));
  trainUntilBest(
    { epochs, patience: params.patience },
    net.parameters,
    (number) => {
      const rows = epochOf(
        parts.map(({ train }) => train),
        order,
      );
      for (let from = 0; from < rows.length; from += batch) {
        trainer.train(rows.slice(from, from + batch));
        progress((number - 1 + Math.min(1, (from + batch) / rows.length)) / epochs);
      }
      return watch.length === 0 ? null : watchedLoss(trainer, watch, batch);
    },
    { streams: [steps, order] },
    checkpoints,
  );
  progress(1);
  const heads = tasks.map((task) => task.name);
  return trainedState(params, heads, data, examples, net.parameters.snapshot());
}

/** Mean over tasks of their mean losses: each counts the same. */
function watchedLoss(trainer: TaskTrainer, watch: readonly TaskRow[], batch: number): number {
  const tasks = new Map<number, TaskRow[]>();
  for (const row of watch) {
    const rows = tasks.get(row.task) ?? [];
    tasks.set(row.task, rows);
    rows.push(row);
  }
  let sum = 0;
  for (const rows of tasks.values()) {
    let loss = 0;
    for (let from = 0; from < rows.length; from += batch) {
      const part = rows.slice(from, from + batch);
      loss += trainer.loss(part) * part.length;
    }
    sum += loss / rows.length;
  }
  return sum / tasks.size;
}

function compile(state: RankingState, params: Params): Ranker {
  const scorer = new RankingScorer(state);
  const { heads } = state;
  const weights = heads.map((task) => params.objective[task] ?? 0);
  return {
    decides: 'slate',
    scores: (request: DecisionRequest) => {
      const logits = scorer.logits(request);
      const task = heads.indexOf(String(request.context['task'] ?? ''));
      return Float64Array.from(request.actions, (_, i) => {
        if (task >= 0) return logits[i * heads.length + task] as number;
        return weights.reduce((sum, weight, t) => sum + weight * (logits[i * heads.length + t] as number), 0);
      });
    },
  };
}

const known = defineParams(
  schema.superRefine(({ objective, tasks }, issues) => {
    const names = new Set([PLAY, ...tasks.map((task) => task.name)]);
    if (names.size !== tasks.length + 1)
      issues.addIssue({
        code: 'custom',
        path: ['tasks'],
        message: `names are used once, and "${PLAY}" is taken`,
      });
    for (const task of Object.keys(objective))
      if (!names.has(task))
        issues.addIssue({
          code: 'custom',
          path: ['objective', task],
          message: `is no task; known are ${[...names].join(', ')}`,
        });
  }),
);

/**
 * One model for homepage, search and notifications: a trunk over member, title and context, and a head for each task.
 * A surface asks for its task by `context.task`; otherwise the order follows the weighted objective.
 */
export const multiTask: RecommenderPolicy<Params, RankingState> = {
  key: 'multi-task',
  title: 'One network for several tasks',
  summary: 'Learns plays, search success, notification opens and more on one trunk, one head for each.',
  reference:
    'Caruana (1997), Multitask learning; Bhattacharya et al. (2024), Joint modeling of search and recommendations via ' +
    'an unified contextual recommender',
  learns: 'batch',
  params: known,
  stateVersion: 1,
  needs: ({ tasks }) => ({ contexts: true, tasks }),
  fit,
  encode: encodeRanking,
  decode: decodeRanking,
  compile,
};
