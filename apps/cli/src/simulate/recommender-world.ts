import {
  answerNothing,
  createWorld,
  millisecondsPerDay,
  playAlone,
  recommenderExperiments,
  recommenderPolicies,
  simulate,
  titleOf,
  type Answer,
  type ClientEvent,
  type Release,
  type Shelf,
  type TreatmentRequest,
  type World,
  type WorldSize,
} from '#simulation';
import { InProcessProduct } from './in-process-product.js';

export interface RecommenderWorldOptions {
  readonly seed: string;
  readonly size: WorldSize;
  /** Unix milliseconds at which the recommenders were trained and their experiments began. */
  readonly start: number;
  /** Days before that of which the recommenders learn. */
  readonly historyDays: number;
}

const places = new Set(recommenderExperiments.map(({ experiment }) => experiment.surface));

/** Days after the start of the experiments on which a new title comes. */
export const releaseDay = 7;

/** The title that comes while the experiments run: number 45, science fiction. */
export function releaseOf(seed: string, start: number): Release {
  return { title: titleOf(seed, 44), at: start + releaseDay * millisecondsPerDay };
}

/** What hears of everything that is served and happens. */
export interface Listener {
  served?(answer: Answer, request: TreatmentRequest, at: number): void;
  happened?(event: ClientEvent): void;
}

/** A world whose recommenders were trained on its own past, ready to be played from there on. */
export class RecommenderWorld {
  private constructor(
    readonly options: RecommenderWorldOptions,
    readonly world: World,
    readonly shelf: Shelf,
    private readonly past: Awaited<ReturnType<typeof playAlone>>,
  ) {}

  static async grow(options: RecommenderWorldOptions): Promise<RecommenderWorld> {
    const { seed, size, start, historyDays } = options;
    const world = createWorld(seed, size);
    const from = start - historyDays * millisecondsPerDay;
    const shelf = { from, releases: [releaseOf(seed, start)] };
    const past = await playAlone(world, { from, to: start, seed: `${seed}/past`, shelf });
    return new RecommenderWorld(options, world, shelf, past);
  }

  /** A product whose policies have been trained; the same ones each time. @param everybodyIn arm by experiment: what all get. */
  product(everybodyIn: Readonly<Record<string, string>> = {}): InProcessProduct {
    const { world, past, options, shelf } = this;
    const experiments = recommenderExperiments.map(({ experiment }) => {
      const only = everybodyIn[experiment.key];
      const weight = (key: string): number => (only === undefined || key === only ? 1 : 0);
      return { ...experiment, arms: experiment.arms.map((arm) => ({ ...arm, weight: weight(arm.key) })) };
    });
    const product = new InProcessProduct(
      world,
      experiments,
      recommenderPolicies,
      `${options.seed}/product`,
      shelf.releases,
    );
    const data = past.log.until(options.start, world);
    for (const { id } of recommenderPolicies) product.train(id, data);
    return product;
  }

  /** Plays some days with a product. */
  async play(
    product: InProcessProduct,
    days: number,
    seed: string,
    ...listeners: readonly Listener[]
  ): Promise<void> {
    const { world, past, options, shelf } = this;
    await simulate(world, {
      from: options.start,
      to: options.start + days * millisecondsPerDay,
      seed,
      shelf,
      states: past.states.map((state) => ({ ...state })),
      serve: (request, at) => {
        const asked = request.requests.some(({ surface }) => places.has(surface));
        const answer = asked ? product.serve(request, at) : answerNothing(request);
        for (const listener of listeners) listener.served?.(answer, request, at);
        return answer;
      },
      emit: (event) => {
        product.take(event);
        for (const listener of listeners) listener.happened?.(event);
      },
      onHour: (at) => {
        if (at % (24 * 3_600_000) === 0) product.learn(at);
      },
    });
  }
}
