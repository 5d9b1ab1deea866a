import { createRng, type Experiment } from '#experiments';
import {
  clickChance,
  createStage,
  localTime,
  recommenderExperiments,
  type Answer,
  type EffectTruth,
  type ExperimentTruth,
  type TreatmentRequest,
} from '#simulation';
import type { InProcessProduct } from './in-process-product.js';
import type { Listener, RecommenderWorld } from './recommender-world.js';

/** The true lift of one arm over control in clicks per look, and how exactly it is known. */
export interface TrueLift {
  readonly experiment: string;
  readonly arm: string;
  readonly control: number;
  readonly treatment: number;
  readonly lift: number;
  readonly standardError: number;
}

type Slates = ReadonlyMap<string, readonly string[]>;

/**
 * Adds up the chance of a click in the lists of every arm, by the laws of behaviour: not by counting clicks, so that what is
 * true is known several times as exactly as an experiment of the same size could find it.
 */
export class ChanceOfClicks implements Listener {
  private readonly stage;
  private readonly members;
  /** Experiment and arm to member to sums. */
  private readonly sums = new Map<string, Map<string, { chance: number; looks: number }>>();

  /** @param lists of every arm for one look, e.g. of the one that was served. */
  constructor(
    { world, shelf }: RecommenderWorld,
    private readonly lists: (
      experiment: Experiment,
      served: Answer[number],
      request: TreatmentRequest,
      at: number,
    ) => Slates,
  ) {
    this.stage = createStage(world, 'truth', shelf);
    this.members = new Map(world.members.map((member) => [member.id, member]));
  }

  served(answer: Answer, request: TreatmentRequest, at: number): void {
    const member = this.members.get(request.unitId);
    for (const served of answer) {
      const { surface } = served;
      const ready = recommenderExperiments.find(({ experiment }) => experiment.key === served.experiment);
      if (!member || !ready || (surface !== 'home.picks' && surface !== 'player.next')) continue;
      const watched = request.context['history'] as readonly string[];
      const asked = { member, month: localTime(at, member.offsetMinutes).month, watched };
      for (const [arm, ids] of this.lists(ready.experiment, served, request, at)) {
        this.add(`${ready.experiment.key}/${arm}`, member.id, clickChance(this.stage, surface, asked, ids));
      }
    }
  }

  private add(arm: string, unit: string, chance: number): void {
    const units = this.sums.get(arm) ?? new Map<string, { chance: number; looks: number }>();
    this.sums.set(arm, units);
    const sum = units.get(unit) ?? { chance: 0, looks: 0 };
    units.set(unit, sum);
    sum.chance += chance;
    sum.looks++;
  }

  /** Lifts of all arms whose lists were seen, with errors by the delta method over members. */
  lifts(): TrueLift[] {
    return recommenderExperiments.flatMap(({ experiment }) => {
      const control = experiment.arms.find(({ isControl }) => isControl)?.key ?? '';
      const others = experiment.arms.filter(({ key }) => key !== control);
      return others.map(({ key }) => this.lift(experiment.key, control, key));
    });
  }

  private lift(experiment: string, control: string, arm: string): TrueLift {
    const units = (of: string) => this.sums.get(`${experiment}/${of}`) ?? new Map<string, never>();
    const [c, t] = [meanOf(units(control)), meanOf(units(arm))];
    const ratio = t.mean / c.mean;
    let squares = 0;
    for (const unit of new Set([...units(control).keys(), ...units(arm).keys()])) {
      const influence = (of: typeof c, sum: { chance: number; looks: number } | undefined): number =>
        sum === undefined ? 0 : (sum.chance - of.mean * sum.looks) / (of.looks * of.mean);
      squares += (influence(t, units(arm).get(unit)) - influence(c, units(control).get(unit))) ** 2;
    }
    const standardError = ratio * Math.sqrt(squares);
    return { experiment, arm, control: c.mean, treatment: t.mean, lift: ratio - 1, standardError };
  }
}

function meanOf(units: ReadonlyMap<string, { readonly chance: number; readonly looks: number }>): {
  mean: number;
  looks: number;
} {
  let [chance, looks] = [0, 0];
  for (const sum of units.values()) {
    chance += sum.chance;
    looks += sum.looks;
  }
  return { mean: chance / looks, looks };
}

/** Share of the looks at which every arm is asked. */
const ASKED = 0.5;

/**
 * At half of the looks that happen, what the list of each arm would have been worth: the same members, moments and trained policies for
 * all arms, so that they differ by nothing but the lists.
 */
export function lookByLook(world: RecommenderWorld, product: InProcessProduct): ChanceOfClicks {
  const rng = createRng(`${world.options.seed}/looks`);
  return new ChanceOfClicks(world, (experiment, served, request, at) => {
    if (rng.uniform() > ASKED) return new Map();
    const one = request.requests.find(({ surface }) => surface === served.surface);
    const lists = new Map<string, readonly string[]>();
    for (const { key, treatment } of experiment.arms) {
      // What was served is what would be served.
      if (key === served.arm && served.slate)
        lists.set(
          key,
          served.slate.map(({ id }) => id),
        );
      else if (treatment.kind === 'policy' && one)
        lists.set(key, product.wouldList(treatment.policyId, request, one, at, rng));
    }
    return lists;
  });
}

/**
 * Plays the world once for every arm with everybody in it, by the same trained policies: what would be if that arm were shipped,
 * with all that follows from it.
 * @param trained the world whose past the policies have learned from; default: the one that is played.
 */
export async function byShipping(
  world: RecommenderWorld,
  days: number,
  trained = world,
): Promise<TrueLift[]> {
  const chances = new ChanceOfClicks(world, (_experiment, { arm, slate }) =>
    arm && slate ? new Map([[arm, slate.map(({ id }) => id)]]) : new Map<string, string[]>(),
  );
  const [first, second] = recommenderExperiments.map(({ experiment }) => experiment);
  if (!first || !second || first.arms.length !== second.arms.length)
    throw new Error('there must be two experiments among recommenders with as many arms');
  for (const [index, { key }] of first.arms.entries()) {
    const everybodyIn = { [first.key]: key, [second.key]: second.arms[index]?.key ?? '' };
    await world.play(trained.product(everybodyIn), days, 'shipped', chances);
  }
  return chances.lifts();
}

/** Standard errors on either side within which a truth is stated. */
const CERTAIN = 3;
const BECAUSE: Readonly<Record<string, string>> = {
  'picks-for-you': 'Members have tastes that the most played titles leave aside.',
  'what-comes-next':
    'Most members have watched a few titles only: their order says less than what the titles are.',
};

/** Lifts as entries of a truth file. An arm wins whose lift is above 0 beyond doubt. */
export function truthsOf(lifts: readonly TrueLift[]): ExperimentTruth[] {
  return lifts.map(({ experiment, arm, lift, standardError }): ExperimentTruth => {
    const range = [lift - CERTAIN * standardError, lift + CERTAIN * standardError] as const;
    const wins = range[0] > 0;
    const effect: EffectTruth = { metric: 'click-through', arm, lift: range, conclusive: wins };
    return {
      experiment,
      lesson: 'recommenders',
      sampleRatio: 'pass',
      verdicts: wins ? ['ship'] : ['wait', 'stop'],
      winner: wins ? arm : null,
      because: BECAUSE[experiment] ?? '',
      effects: [effect],
    };
  });
}
