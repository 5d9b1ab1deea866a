import type { BucketRange } from '../hash.js';
import type { Json } from '../vocabulary.js';
import type { SavedGroups } from './condition.js';
import type { JsonObject } from './json.js';

/** The parts of GrowthBook's payload (SDK version 0.8 of its reference cases) that decide on an arm. */
export interface GrowthBookFilter {
  readonly attribute?: string;
  readonly seed: string;
  readonly hashVersion?: number;
  readonly ranges: readonly BucketRange[];
}

export interface GrowthBookParent {
  readonly id: string;
  readonly condition?: JsonObject;
  /** True: the feature ends with null where the condition fails; else the rule is skipped. */
  readonly gate?: boolean;
}

export interface GrowthBookMeta {
  readonly key?: string;
  readonly name?: string;
  readonly passthrough?: boolean;
}

/** What experiments and experiment rules share. */
interface Split {
  readonly key?: string;
  readonly seed?: string;
  readonly name?: string;
  readonly phase?: string;
  readonly hashAttribute?: string;
  readonly fallbackAttribute?: string;
  readonly hashVersion?: number;
  readonly disableStickyBucketing?: boolean;
  readonly bucketVersion?: number;
  readonly minBucketVersion?: number;
  readonly coverage?: number;
  readonly weights?: readonly number[];
  readonly ranges?: readonly BucketRange[];
  readonly meta?: readonly GrowthBookMeta[];
  readonly filters?: readonly GrowthBookFilter[];
  readonly namespace?: readonly [id: string, from: number, to: number];
  readonly condition?: JsonObject;
}

export interface GrowthBookLeaf {
  readonly leafId: number;
  readonly variationWeights: readonly number[];
  readonly banditVersion: number;
}

export interface GrowthBookExperiment extends Split {
  readonly key: string;
  readonly variations: readonly Json[];
  readonly active?: boolean;
  readonly status?: 'draft' | 'running' | 'stopped';
  readonly force?: number;
  readonly parentConditions?: readonly GrowthBookParent[];
  readonly contextualBandit?: GrowthBookLeaf;
}

export interface GrowthBookRule extends Split {
  readonly id?: string;
  readonly force?: Json;
  readonly range?: BucketRange;
  readonly variations?: readonly Json[];
  readonly contextualVariations?: readonly Json[];
  readonly contextualBanditRef?: string;
  readonly parentConditions?: readonly GrowthBookParent[];
}

export interface GrowthBookFeature {
  readonly defaultValue?: Json;
  readonly rules?: readonly GrowthBookRule[];
}

export interface GrowthBookBandit {
  readonly banditVersion: number;
  readonly contexts: readonly {
    readonly leafId: number;
    readonly condition: JsonObject;
    readonly weights: readonly number[];
  }[];
}

/** What a unit was given before; see `GrowthBookContext.sticky`. */
export interface StickyDocument {
  readonly attributeName: string;
  readonly attributeValue: string;
  /** Variation keys by `<experiment>__<bucketVersion>`. */
  readonly assignments: Readonly<Record<string, string>>;
}

export interface GrowthBookContext {
  readonly attributes?: JsonObject;
  readonly features?: Readonly<Record<string, GrowthBookFeature>>;
  readonly savedGroups?: SavedGroups;
  readonly contextualBandits?: Readonly<Record<string, GrowthBookBandit>>;
  readonly forcedVariations?: Readonly<Record<string, number>>;
  readonly enabled?: boolean;
  readonly qaMode?: boolean;
  readonly url?: string;
  /** Stored assignments by `<attribute>||<value>`; written to. Absent: nothing is kept, fallback attributes do not count. */
  readonly sticky?: Map<string, StickyDocument>;
}

export interface GrowthBookResult {
  readonly key: string;
  readonly featureId: string | null;
  readonly inExperiment: boolean;
  readonly hashUsed: boolean;
  readonly variationId: number;
  readonly value: Json;
  readonly hashAttribute: string;
  readonly hashValue: string;
  readonly stickyBucketUsed: boolean;
  readonly bucket?: number;
  readonly name?: string;
  readonly passthrough?: boolean;
  readonly leafId?: number;
  readonly variationWeights?: readonly number[];
  readonly banditVersion?: number;
}

export type FeatureSource =
  'unknownFeature' | 'defaultValue' | 'force' | 'experiment' | 'prerequisite' | 'cyclicPrerequisite';

export interface GrowthBookFeatureResult {
  readonly value: Json;
  readonly on: boolean;
  readonly off: boolean;
  readonly source: FeatureSource;
  readonly ruleId: string;
  readonly experiment?: GrowthBookExperiment;
  readonly experimentResult?: GrowthBookResult;
}
