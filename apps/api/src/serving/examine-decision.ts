import { examineRequest, limitedBy, policyRegistry } from '#policies';
import type { DecisionRequest } from '#policies';
import type { Answering } from './answering.js';
import { draw } from './choice.js';
import { slateOf } from './decision-view.js';
import type { Choice } from './choice.js';

/** One candidate with everything that led to its probability. */
export interface ExaminedCandidate {
  readonly id: string;
  readonly eligible: boolean;
  /** Wrappers that keep it from being served. */
  readonly limitedBy: readonly string[];
  readonly score: number | null;
  /** What is believed about its mean reward. */
  readonly mean: number | null;
  readonly sd: number | null;
  /** Of the policy alone; null where it ranks by scores. */
  readonly own: number | null;
  /** With wrappers or exploration, before the floor. */
  readonly explored: number;
  /** With the floor; of slates: to stand first. */
  readonly probability: number;
  readonly chosen: boolean;
  readonly position: number | null;
  /** Of what was chosen: its probability in its place, given those before it. */
  readonly propensity: number | null;
}

/** A decision made again, taken apart. */
export interface ExaminedDecision {
  readonly policy: { readonly id: string; readonly key: string; readonly version: number };
  readonly chosen: readonly string[];
  /** Probability of exactly this answer. */
  readonly propensity: number;
  readonly propensityKind: 'exact' | 'monte-carlo';
  readonly floor: number;
  readonly candidates: readonly ExaminedCandidate[];
}

export interface Repeated extends Pick<Choice, 'chosen' | 'propensity'> {
  readonly examined: ExaminedDecision;
}

/**
 * Makes a decision (again) and takes it apart; equal inputs give equal answers.
 * @param limit length of a slate.
 * @param seed of the draw.
 * @throws whatever the policy throws; DomainError `invalid_distribution` when it breaks its contract.
 */
export function examineDecision(
  answers: Answering,
  kind: 'action' | 'slate',
  request: DecisionRequest,
  limit: number,
  seed: string,
): Repeated {
  const { policy, bare } = answers;
  const { config, compiled, exploration } = policy;
  const { chosen, propensity } = draw(policy, kind, request, limit, seed);
  const places = placesIn(kind, chosen, propensity);
  const examination = examineRequest(compiled, bare, request, exploration, config.floor);
  const limits = limitedBy(policyRegistry.get(config.key).params.parse(answers.params), request);
  const isSampled = compiled.decides === 'action' && compiled.propensity.kind === 'monte-carlo';
  const examined: ExaminedDecision = {
    policy: { id: config.id, key: config.key, version: policy.version },
    chosen: [...places.keys()],
    propensity,
    propensityKind: isSampled ? 'monte-carlo' : 'exact',
    floor: config.floor,
    candidates: request.actions.map(({ id }, i) => ({
      id,
      ...candidateAt(examination, i),
      limitedBy: examination.eligible[i] === 1 ? [] : (limits[i] ?? []),
      ...placeIn(places, id),
    })),
  };
  return { chosen, propensity, examined };
}

export type Places = ReadonlyMap<string, { readonly position: number; readonly propensity: number }>;

/** Where each action of an answer stands, and how probable it was there. */
export function placesIn(kind: string, chosen: Choice['chosen'], propensity: number): Places {
  if (kind !== 'slate') return new Map([[String(chosen), { position: 0, propensity }]]);
  return new Map(
    slateOf(chosen).map((entry, position) => [entry.id, { position, propensity: entry.propensity }]),
  );
}

export function placeIn(
  places: Places,
  id: string,
): Pick<ExaminedCandidate, 'chosen' | 'position' | 'propensity'> {
  const place = places.get(id);
  return {
    chosen: place !== undefined,
    position: place?.position ?? null,
    propensity: place?.propensity ?? null,
  };
}

function candidateAt(
  { scores, beliefs, eligible, own, explored, served }: ReturnType<typeof examineRequest>,
  i: number,
): Pick<ExaminedCandidate, 'eligible' | 'score' | 'mean' | 'sd' | 'own' | 'explored' | 'probability'> {
  return {
    eligible: eligible[i] === 1,
    score: finite(scores?.[i]),
    mean: finite(beliefs?.[i]?.mean),
    sd: finite(beliefs?.[i]?.sd),
    own: finite(own?.[i]),
    explored: explored[i] as number,
    probability: served[i] as number,
  };
}

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
