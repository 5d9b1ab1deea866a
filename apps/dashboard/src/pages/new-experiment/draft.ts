import type { Experiment, Json, Policy, Slice, SteadyPeriod, Surface, Treatment } from '../../api/types.js';
import { slug } from '../../format/slug.js';
import type { TargetingDraft } from './targeting.js';
import { EVERYONE, toCondition } from './targeting.js';

export interface ArmDraft {
  /** Stays the same while the arm is edited; React's key. */
  id: number;
  key: string;
  title: string;
  weight: number;
  isControl: boolean;
  kind: 'value' | 'policy';
  value: Json | undefined;
  policyId: string;
  steadyFor: SteadyPeriod;
  /** What the decisions of a policy are for besides serving. */
  slice: Slice;
}

export interface ExperimentDraft {
  title: string;
  key: string;
  hypothesis: string;
  surface: string;
  unitType: string;
  /** Unit type whose units share an arm; null: each is assigned by itself. */
  clusterBy: string | null;
  arms: ArmDraft[];
  targeting: TargetingDraft;
  /** In percent, as it is typed. */
  traffic: number;
  layer: string;
  /** Minutes after which a unit may switch arm; null: it never does. */
  switchback: number | null;
  /** Minutes at the start of a switchback's slot that do not count. */
  washOut: number;
  decisionMetric: string;
  secondaryMetrics: string[];
  guardrailMetrics: string[];
  minimumDays: number;
  plannedUnits: number | null;
  owner: string;
  tags: string[];
}

/** Choice of the layer field: a layer of its own, made when the experiment is saved. */
export const OWN_LAYER = ':own';

export const MOST_ARMS = 20;

/** An arm of a draft. */
export function arm(id: number, title: string, weight: number, change: Partial<ArmDraft> = {}): ArmDraft {
  return {
    id,
    key: slug(title),
    title,
    weight,
    isControl: false,
    kind: 'value',
    value: undefined,
    policyId: '',
    steadyFor: 'day',
    slice: 'learning',
    ...change,
  };
}

export function emptyDraft(): ExperimentDraft {
  return {
    title: '',
    key: '',
    hypothesis: '',
    surface: '',
    unitType: 'member',
    clusterBy: null,
    arms: [arm(1, 'Control', 50, { isControl: true }), arm(2, 'Variation', 50)],
    targeting: EVERYONE,
    traffic: 100,
    layer: '',
    switchback: null,
    washOut: 0,
    decisionMetric: '',
    secondaryMetrics: [],
    guardrailMetrics: [],
    minimumDays: 14,
    plannedUnits: null,
    owner: '',
    tags: [],
  };
}

/** The next arm of a list. */
export function nextArm(arms: readonly ArmDraft[]): ArmDraft {
  const id = Math.max(0, ...arms.map((entry) => entry.id)) + 1;
  return arm(id, `Variation ${arms.length}`, 50);
}

/** An arm that the first policy of a kind serves. */
export function policyFor(policies: readonly Policy[], fits: (policy: Policy) => boolean): Partial<ArmDraft> {
  return { kind: 'policy', policyId: policies.find(fits)?.id ?? '' };
}

function treatment(draft: ArmDraft): Treatment {
  if (draft.kind === 'policy')
    return {
      kind: 'policy',
      policyId: draft.policyId,
      steadyFor: draft.steadyFor,
      ...(draft.slice === 'learning' ? {} : { slice: draft.slice }),
    };
  return { kind: 'value', value: draft.value ?? null };
}

export type ExperimentBody = Pick<
  Experiment,
  | 'key'
  | 'title'
  | 'hypothesis'
  | 'surface'
  | 'unitType'
  | 'clusterBy'
  | 'layer'
  | 'switchback'
  | 'traffic'
  | 'targeting'
  | 'arms'
  | 'decisionMetric'
  | 'secondaryMetrics'
  | 'guardrailMetrics'
  | 'minimumDays'
  | 'plannedUnits'
  | 'owner'
  | 'tags'
>;

/** The draft in the API's words. */
export function toBody(draft: ExperimentDraft): ExperimentBody {
  const { title, hypothesis, surface, unitType, layer, decisionMetric, secondaryMetrics, guardrailMetrics } =
    draft;
  return {
    key: draft.key || slug(title),
    title: title.trim(),
    hypothesis: hypothesis.trim(),
    surface,
    unitType,
    clusterBy: draft.clusterBy,
    layer: layer === OWN_LAYER ? draft.key || slug(title) : layer,
    ...(draft.switchback === null
      ? {}
      : { switchback: { slotMinutes: draft.switchback, washOutMinutes: draft.washOut } }),
    traffic: draft.traffic / 100,
    targeting: toCondition(draft.targeting),
    arms: draft.arms.map((entry) => ({
      key: entry.key || slug(entry.title),
      title: entry.title,
      weight: entry.weight,
      isControl: entry.isControl,
      treatment: treatment(entry),
    })),
    decisionMetric,
    secondaryMetrics,
    guardrailMetrics,
    minimumDays: draft.minimumDays,
    plannedUnits: draft.plannedUnits,
    owner: draft.owner.trim(),
    tags: draft.tags,
  };
}

/** What an arm's value looks like on a surface of this kind. */
export function valueHint(surface: Surface | undefined): string {
  if (surface?.kind === 'action')
    return 'The id of the action, in quotes: "art-hero". Empty: the surface’s default.';
  if (surface?.kind === 'slate')
    return 'A list of item ids, in order: ["row-new", "row-top"]. Empty: the registered order.';
  return 'Any JSON: true, "blue", {"columns": 4}';
}
