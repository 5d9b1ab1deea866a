/**
 * The words of the house as types. The same names are used in the database, the API, the code and the
 * dashboard (see docs/reference/glossary.md).
 */
import type { HashVersion } from './hash.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Attributes known at the time of a request. Flat: values are scalars or lists of strings. */
export type ContextValue = string | number | boolean | null | readonly string[];
export type Context = Readonly<Record<string, ContextValue>>;

export type SurfaceKind = 'value' | 'action' | 'slate';

/** A place in the product where a treatment shows. */
export interface Surface {
  readonly key: string;
  readonly title: string;
  readonly kind: SurfaceKind;
  /** Served for `value` surfaces when no experiment applies. */
  readonly defaultValue: Json;
  /** Items of this kind are the surface's registered candidates. */
  readonly candidateKind: string | null;
}

/** Steady period: the same unit keeps the same draw within one period (and one snapshot). */
export type SteadyPeriod = 'decision' | 'hour' | 'day' | 'week' | 'always';

/**
 * What an arm's decisions are for besides serving. `learning`: the policy learns from them, which is the default.
 * `exploration`: drawn uniformly at random and learned from, so that every action stays measured whatever the policy
 * believes. `analysis`: drawn by the policy and never learned from, so that it is judged on what it has not seen.
 */
export type Slice = 'learning' | 'exploration' | 'analysis';

export type Treatment =
  | { readonly kind: 'value'; readonly value: Json }
  /** `policyId` names a configured policy (table `policy`), not a registry key. */
  | {
      readonly kind: 'policy';
      readonly policyId: string;
      readonly steadyFor: SteadyPeriod;
      readonly slice?: Slice | undefined;
    };

export interface Arm {
  readonly key: string;
  readonly title: string;
  /** Share of the experiment's units, relative to the other arms' weights. */
  readonly weight: number;
  readonly isControl: boolean;
  readonly treatment: Treatment;
}

export type ExperimentStatus =
  'draft' | 'scheduled' | 'running' | 'paused' | 'stopped' | 'shipped' | 'archived';

/** A typed condition on the request's context; see targeting.ts for the evaluator and its limits. */
export type Condition =
  | { readonly attribute: string; readonly op: ConditionOperator; readonly value?: Json }
  /** A saved condition. Without a version the latest is meant; a start pins it, so that later versions move nobody. */
  | { readonly segment: string; readonly version?: number }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

export type ConditionOperator =
  | 'eq'
  | 'ne'
  | 'in'
  | 'notIn'
  | 'lt'
  | 'lte'
  | 'gt'
  | 'gte'
  | 'exists'
  | 'notExists'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | 'inIgnoreCase'
  | 'notInIgnoreCase'
  | 'hasAll'
  | 'hasAllIgnoreCase'
  | 'matches'
  | 'matchesIgnoreCase'
  | 'isType'
  | 'sizeIs'
  | 'sizeAtLeast'
  | 'sizeAtMost'
  | 'elemMatch'
  | 'versionEq'
  | 'versionNe'
  | 'versionLt'
  | 'versionLte'
  | 'versionGt'
  | 'versionGte'
  | 'inList'
  | 'notInList';

/** What the assignment engine needs of an experiment. Times are Unix milliseconds. */
export interface Experiment {
  readonly key: string;
  readonly title: string;
  readonly surface: string;
  readonly unitType: string;
  readonly status: ExperimentStatus;
  readonly layer: string;
  /** Half-open range [from, to) of the layer's [0, 1) that belongs to this experiment. */
  readonly layerRange: readonly [from: number, to: number];
  /** Further layers in which a unit has to be inside the range as well; absent: none. */
  readonly otherLayers?: readonly LayerMembership[];
  /** Share of the experiment's own units that take part, in [0, 1]. Raising it moves nobody. */
  readonly traffic: number;
  readonly targeting: Condition | null;
  readonly arms: readonly Arm[];
  /** Counts up when targeting or allocation changes. */
  readonly phase: number;
  /** Seed of the split; the key unless the experiment was re-randomised. */
  readonly salt: string;
  /** Of the split; absent: 2. 1 keeps the arms of an experiment that was taken over from GrowthBook. */
  readonly hashVersion?: HashVersion;
  /** Arm that everybody gets once shipped. */
  readonly shippedArm: string | null;
  /** While paused: the arm that all its units get; absent or null: what has been shipped, or the surface's default. */
  readonly pausedArm?: string | null;
  /** Unit type whose id is hashed, so that the units of one such cluster share an arm; absent or null: the unit's own. */
  readonly clusterBy?: string | null;
  /** Arms change with time: the unit of every slot is assigned anew, and is compared as a unit of its own. */
  readonly switchback?: Switchback | null;
  /** Arms of other experiments that a unit must be in; absent: none. */
  readonly prerequisites?: readonly Prerequisite[];
  /** What holdouts attach to; absent: none. */
  readonly tags?: readonly string[];
}

export interface Switchback {
  /** Length of a slot; slots are counted from midnight. */
  readonly slotMinutes: number;
  /** Minutes at the start of a slot that are served but not counted, while the slot before wears off; absent: none. */
  readonly washOutMinutes?: number | undefined;
  /** Whose midnight, as IANA names it (`Europe/Berlin`); absent or null: UTC. */
  readonly timeZone?: string | null | undefined;
}

export interface Prerequisite {
  readonly experiment: string;
  /** One of these; a shipped arm counts. */
  readonly arms: readonly string[];
}

/** A part [from, to) of a layer's [0, 1). */
export interface LayerMembership {
  readonly layer: string;
  readonly range: readonly [from: number, to: number];
}

export interface Layer {
  readonly key: string;
  readonly title: string;
  readonly salt: string;
  /** Type of the units by which its parts are dealt; absent or null: that of the experiments that hold parts of it. */
  readonly unitType?: string | null;
  /** Absent: 2. 1 stands for a namespace of GrowthBook's old kind. */
  readonly hashVersion?: HashVersion;
}

/**
 * Units of a holdout get the surface's default on every surface it covers (null: all surfaces). One with tags withholds
 * only experiments that carry one of them; its units take part in the others as everybody does.
 */
export interface Holdout {
  readonly key: string;
  readonly title: string;
  readonly salt: string;
  readonly share: number;
  readonly surfaces: readonly string[] | null;
  readonly unitType: string;
  readonly enabled: boolean;
  /** Absent or null: it withholds every experiment. */
  readonly tags?: readonly string[] | null;
  /** Requests whose context meets it are never held out, e.g. those of internal users; absent or null: all may be. */
  readonly except?: Condition | null;
}

/** Why a treatment is what it is. One list for the API, the inspector and the database. */
export type DecisionReason =
  | 'SPLIT'
  | 'POLICY'
  | 'SHIPPED'
  | 'HOLDOUT'
  | 'NOT_ELIGIBLE'
  | 'EXCLUDED'
  | 'NO_EXPERIMENT'
  | 'PAUSED'
  | 'FALLBACK_ERROR'
  | 'FALLBACK_TIMEOUT'
  | 'FALLBACK_INVALID'
  | 'FALLBACK_NO_SNAPSHOT'
  | 'UNKNOWN_SURFACE'
  | 'NO_CANDIDATES'
  /** A tester asked for this arm; the decision counts for no experiment. */
  | 'FORCED'
  /** A policy answered as for somebody new, because the unit asked not to be known. */
  | 'NOT_PERSONALISED';

/** Every step the engine took, in order; shown by the decision inspector. */
export interface AssignmentStep {
  readonly step:
    | 'holdout'
    | 'kept'
    | 'layer'
    | 'status'
    | 'unit-type'
    | 'targeting'
    | 'prerequisite'
    | 'traffic'
    | 'split';
  readonly experiment: string | null;
  readonly passed: boolean;
  /** The hashed number in [0, 1) that decided, if one did. */
  readonly bucket: number | null;
  readonly detail: string;
}

export interface Assignment {
  readonly experiment: Experiment | null;
  readonly arm: Arm | null;
  readonly reason: DecisionReason;
  /** Probability that a unit of this experiment gets this arm (weights); 1 when there is no experiment. */
  readonly armPropensity: number;
  readonly holdout: string | null;
  readonly path: readonly AssignmentStep[];
  /** The unit that the experiment compares, where it is not the request's own. */
  readonly unit?: { readonly unitId: string; readonly unitType: string };
}
