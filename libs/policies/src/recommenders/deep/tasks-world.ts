import { createRng } from '#experiments';
import type { Context, Rng } from '#experiments';
import type { Ranker, TaskRows, TrainingSet } from '../../contract.js';
import { multiTask } from '../multi-task.js';

/**
 * Two genres; members like one of them. On the phone everybody plays short titles, on the TV long ones. Titles are known by
 * genre and length, so a new one can be ranked at once.
 */
export function tasteAndDevice(rng: Rng, members: number, plays: number) {
  const titles = Array.from({ length: 40 }, (_, i) => ({
    id: `t${i}`,
    features: { genre: i % 2 === 0 ? 'drama' : 'horror', length: i % 4 < 2 ? 'short' : 'long' } as Context,
  }));
  const contexts: Context[] = [{ device: 'phone' }, { device: 'tv' }];
  const taste = Array.from({ length: members }, () => rng.below(2));
  const fits = (member: number, device: number, title: number): number =>
    (title % 2 === taste[member] ? 2 : 0) + (title % 4 < 2 === (device === 0) ? 2 : 0);
  const [unit, item, context]: number[][] = [[], [], []];
  for (let member = 0; member < members; member++) {
    for (let k = 0; k < plays; k++) {
      const device = rng.below(2);
      const weights = titles.map((_, i) => Math.exp(fits(member, device, i)));
      let u = rng.uniform() * weights.reduce((a, b) => a + b);
      const pick = weights.findIndex((weight) => (u -= weight) < 0);
      unit?.push(member);
      item?.push(pick);
      context?.push(device);
    }
  }
  const data: TrainingSet = {
    units: taste.map((_, i) => `m${i}`),
    items: titles.map(({ id }) => id),
    unit: Uint32Array.from(unit ?? []),
    item: Uint32Array.from(item ?? []),
    value: new Float64Array(unit?.length ?? 0).fill(1),
    at: Float64Array.from(unit ?? [], (_, i) => 1 + i),
    itemFeatures: titles.map(({ features }) => features),
    contexts,
    context: Int32Array.from(context ?? []),
  };
  return { data, titles, taste, fits };
}

/** Titles that a member has played, newest last. */
export function historyOf(data: TrainingSet, member: number): string[] {
  const history: string[] = [];
  data.unit.forEach((unit, row) => {
    if (unit === member) history.push(data.items[data.item[row] as number] as string);
  });
  return history;
}

const MEMBERS = 200;
const PLAYS = 10;
const TITLES = 40;

/** Searches that come to the title: success hangs on taste and device as plays do, with other odds. */
function searches(
  rng: Rng,
  rows: number,
  fits: (member: number, device: number, title: number) => number,
): TaskRows {
  const unit = Uint32Array.from({ length: rows }, () => rng.below(MEMBERS));
  const item = Int32Array.from({ length: rows }, () => rng.below(TITLES));
  const context = Int32Array.from({ length: rows }, () => rng.below(2));
  const label = Uint8Array.from(unit, (member, row) => {
    const z = fits(member, context[row] as number, item[row] as number) - 2;
    return rng.uniform() < 1 / (1 + Math.exp(-2 * z)) ? 1 : 0;
  });
  return { name: 'search', unit, item, label, at: new Float64Array(rows).fill(1e9), context };
}

export interface TaskRun {
  /** Log-loss of each search that was not told. */
  readonly losses: Float64Array;
  /** Of the fit, by the clock that was given; and the size of the state as stored. */
  readonly fitSeconds: number;
  readonly bytes: number;
}

/**
 * A small world with plays and a few searches; one network learns the searches alone, one the plays alone, and one both on
 * one trunk. All are asked about other searches.
 * @param seconds a clock, to measure what they cost; null: nothing is measured, and the plays are not learned alone.
 */
export function playTasks(
  seed: string,
  { told, asked }: { readonly told: number; readonly asked: number },
  seconds: (() => number) | null = null,
): { alone: TaskRun; together: TaskRun; plays: Omit<TaskRun, 'losses'> | null } {
  const rng = createRng(seed);
  const { data, fits } = tasteAndDevice(rng, MEMBERS, PLAYS);
  const learned = searches(rng, told, fits);
  const questions = searches(rng, asked, fits);
  const histories = data.units.map((_, member) => historyOf(data, member));
  const fit = (only: string[]): { ranker: Ranker; fitSeconds: number; bytes: number } => {
    const params = multiTask.params.parse({
      tasks: [{ name: 'search', trial: 'search', success: 'search_success' }],
      only,
      decay: 0.3,
      epochs: 12,
      patience: 3,
      dimension: 8,
      hidden: 16,
      batch: 64,
      learningRate: 0.01,
    });
    const begun = seconds?.() ?? 0;
    const state = multiTask.fit({ ...data, tasks: [learned] }, params, createRng('multi'), () => undefined);
    const fitSeconds = (seconds?.() ?? 0) - begun;
    const ranker = multiTask.compile(state, params) as Ranker;
    return {
      ranker,
      fitSeconds,
      bytes: JSON.stringify(multiTask.encode(state)).length,
    };
  };
  const run = (only: string[]): TaskRun => {
    const { ranker, ...cost } = fit(only);
    const losses = Float64Array.from(questions.unit, (member, row) => {
      const item = questions.item[row] as number;
      const device = questions.context[row] === 0 ? 'phone' : 'tv';
      const [z] = ranker.scores({
        unitId: `m${member}`,
        context: { history: histories[member] ?? [], task: 'search', device },
        actions: [{ id: data.items[item] as string, features: data.itemFeatures[item] ?? {} }],
        subject: null,
        at: 0,
      });
      return Math.log1p(Math.exp(questions.label[row] === 1 ? -(z as number) : (z as number)));
    });
    return { losses, ...cost };
  };
  const cost = (only: string[]): Omit<TaskRun, 'losses'> => {
    const { bytes, fitSeconds } = fit(only);
    return { bytes, fitSeconds };
  };
  return { alone: run(['search']), together: run([]), plays: seconds ? cost(['play']) : null };
}
