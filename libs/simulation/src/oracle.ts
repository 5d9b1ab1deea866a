import { createRng, type Arm, type Context, type Experiment, type Rng } from '#experiments';
import type { Answer, ServedTreatment, SurfaceRequest, TreatmentRequest } from './protocol.js';
import { readyExperiments, readyPolicies } from './ready-experiments.js';
import { surfaces } from './surfaces.js';
import { bestArtwork, bestArtworkOfSegment } from './artwork-truth.js';
import type { TasteSegment } from './members.js';
import type { World } from './world.js';

export interface OracleOptions {
  readonly seed: string;
  /** Puts every unit of an experiment into one arm: what the world would be if it were shipped. */
  readonly everybodyIn?: Readonly<Record<string, string>>;
}

export interface Oracle {
  serve(request: TreatmentRequest): Answer;
}

/**
 * Serves the ready experiments as a perfect product would: units split by the arms' weights, and learning
 * policies that already know the truth. What the real product measures can come near to this, not beyond it.
 */
export function createOracle(world: World, options: OracleOptions): Oracle {
  const chance = createRng(`oracle/${options.seed}`);
  const best = bestArtwork(world);
  const bestBySegment = bestArtworkOfSegment(world);
  const titles = new Map(world.titles.map((title) => [title.id, title]));
  const assignments = new Map<string, Assigned | undefined>();
  let decisions = 0;

  /** A search that understands everything finds what is meant; one by words, what is spelled as it stands in the catalogue. */
  const intents = new Map(world.searchIntents.map((intent) => [intent.query, intent]));
  const found = ({ query }: Context, byWords: boolean): string[] => {
    const intent = intents.get(String(query));
    return intent && (intent.isPlain || !byWords) ? [intent.titleId] : [];
  };

  const choose = (policyId: string, request: SurfaceRequest, context: Context): Partial<ServedTreatment> => {
    const segment = context['taste'] as TasteSegment;
    const policy = readyPolicies.find((candidate) => candidate.id === policyId);
    if (request.surface === 'home.rows') {
      const order =
        (policy?.params['order'] as readonly string[] | undefined) ?? world.rows.map((row) => row.id);
      return { slate: order.map((id) => ({ id, propensity: 1 })) };
    }
    if (request.surface === 'search.titles')
      return {
        slate: found(context, policy?.params['typos'] === false).map((id) => ({ id, propensity: 1 })),
      };
    const title = titles.get(request.subject ?? '');
    if (!title) return { action: null };
    const known: Readonly<Record<string, () => string | undefined>> = {
      'fixed-order': () => title.artwork[0]?.id,
      'uniform-random': () => title.artwork[chance.below(title.artwork.length)]?.id,
      'linear-thompson': () => bestBySegment.get(`${segment}/${title.id}`),
    };
    return { action: (known[policy?.key ?? ''] ?? (() => best.get(title.id)))() ?? null };
  };

  const answer = (request: SurfaceRequest, unitId: string, context: Context): ServedTreatment => {
    const place = `${request.surface}/${unitId}`;
    if (!assignments.has(place)) assignments.set(place, assign(request.surface, unitId, options));
    const found = assignments.get(place);
    const decisionId = `${options.seed}-${decisions++}`;
    const base = { decisionId, surface: request.surface, subject: request.subject ?? null };
    if (!found) {
      const fallback = surfaces.find((surface) => surface.key === request.surface)?.defaultValue ?? null;
      return { ...base, experiment: null, arm: null, value: fallback, reason: 'NO_EXPERIMENT' };
    }
    const { experiment, arm } = found;
    const served =
      arm.treatment.kind === 'value'
        ? { value: arm.treatment.value }
        : choose(arm.treatment.policyId, request, context);
    return { ...base, experiment: experiment.key, arm: arm.key, reason: 'SPLIT', ...served };
  };

  return {
    serve: (request) => request.requests.map((one) => answer(one, request.unitId, request.context)),
  };
}

interface Assigned {
  readonly experiment: Experiment;
  readonly arm: Arm;
}

function assign(surface: string, unitId: string, options: OracleOptions): Assigned | undefined {
  for (const { experiment } of readyExperiments) {
    if (experiment.surface !== surface) continue;
    const place = createRng(`${options.seed}/${experiment.layer}/${unitId}`).uniform();
    if (place < experiment.layerRange[0] || place >= experiment.layerRange[1]) continue;
    const split = createRng(`${options.seed}/${experiment.salt}/${unitId}`);
    if (split.uniform() >= experiment.traffic) continue;
    const forced = options.everybodyIn?.[experiment.key];
    const arm = experiment.arms.find((candidate) => candidate.key === forced) ?? drawArm(experiment, split);
    if (arm) return { experiment, arm };
  }
  return undefined;
}

function drawArm(experiment: Experiment, rng: Rng): Arm | undefined {
  const total = experiment.arms.reduce((sum, arm) => sum + arm.weight, 0);
  let rest = rng.uniform() * total;
  return experiment.arms.find((arm) => (rest -= arm.weight) < 0) ?? experiment.arms.at(-1);
}
