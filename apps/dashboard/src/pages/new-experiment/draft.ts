import type { WantedLayer } from '../../api/reach.js';
import type {
  Catalog,
  Experiment,
  Json,
  Policy,
  Slice,
  SteadyPeriod,
  Surface,
  Treatment,
} from '../../api/types.js';
import { slug } from '../../format/slug.js';
import type { SurfaceDraft } from './surfaces.js';
import { emptySurface, surfaceKey } from './surfaces.js';
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
  /** Made with the experiment, where `surface` says so. */
  newSurface: SurfaceDraft;
  unitType: string;
  /** Unit type whose units share an arm; null: each is assigned by itself. */
  clusterBy: string | null;
  arms: ArmDraft[];
  targeting: TargetingDraft;
  /** In percent, as it is typed. */
  traffic: number;
  layer: string;
  /** Further layers, each with a share in percent; null: its largest free part. */
  otherLayers: { layer: string; percent: number | null }[];
  /** Arms of other experiments, one of each of which a unit must be in. */
  prerequisites: { experiment: string; arms: string[] }[];
  /** Null: a unit never switches arm. */
  switchback: SwitchbackDraft | null;
  decisionMetric: string;
  secondaryMetrics: string[];
  guardrailMetrics: string[];
  minimumDays: number;
  plannedUnits: number | null;
  owner: string;
  tags: string[];
}

export interface SwitchbackDraft {
  /** After which a unit may switch arm. */
  slotMinutes: number;
  /** Minutes at the start of a slot that do not count. */
  washOutMinutes: number;
  /** By whose clocks slots begin, as IANA names it; empty: UTC. */
  timeZone: string;
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
    newSurface: emptySurface(),
    unitType: 'member',
    clusterBy: null,
    arms: [arm(1, 'Control', 50, { isControl: true }), arm(2, 'Variation', 50)],
    targeting: EVERYONE,
    traffic: 100,
    layer: '',
    otherLayers: [],
    prerequisites: [],
    switchback: null,
    decisionMetric: '',
    secondaryMetrics: [],
    guardrailMetrics: [],
    minimumDays: 14,
    plannedUnits: null,
    owner: '',
    tags: [],
  };
}

/** What a form begins with: an empty draft that guards what the catalogue says must not be harmed. */
export function firstDraft({ metrics }: Catalog): ExperimentDraft {
  const guardrailMetrics = metrics.filter(({ family }) => family === 'guardrail').map(({ key }) => key);
  return { ...emptyDraft(), guardrailMetrics };
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

export const otherLayersOf = ({ otherLayers }: ExperimentDraft): WantedLayer[] =>
  otherLayers.map(({ layer, percent }) => (percent === null ? { layer } : { layer, share: percent / 100 }));

export function switchbackOf({
  switchback,
}: ExperimentDraft): { slotMinutes: number; washOutMinutes: number; timeZone?: string } | null {
  if (switchback === null) return null;
  const { slotMinutes, washOutMinutes, timeZone } = switchback;
  return { slotMinutes, washOutMinutes, ...(timeZone === '' ? {} : { timeZone }) };
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
  | 'prerequisites'
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
> & { otherLayers: WantedLayer[] };

/** The draft in the API's words. */
export function toBody(draft: ExperimentDraft): ExperimentBody {
  const { title, hypothesis, unitType, layer, decisionMetric, secondaryMetrics, guardrailMetrics } = draft;
  return {
    key: draft.key || slug(title),
    title: title.trim(),
    hypothesis: hypothesis.trim(),
    surface: surfaceKey(draft),
    unitType,
    clusterBy: draft.clusterBy,
    layer: layer === OWN_LAYER ? draft.key || slug(title) : layer,
    otherLayers: otherLayersOf(draft),
    prerequisites: draft.prerequisites,
    switchback: switchbackOf(draft),
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
