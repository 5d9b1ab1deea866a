import { segment } from './http.js';
import { useRead } from './queries.js';

export type FeatureEntity = 'member' | 'title' | 'context' | 'history';
export type FeatureKind = 'number' | 'category' | 'list' | 'text';

export interface FeatureDefinition {
  kind: FeatureKind;
  description: string;
  source: string;
  unit: string | null;
  range: [number | null, number | null] | null;
  consent: boolean;
  sensitive: boolean;
}

export interface Feature extends FeatureDefinition {
  entity: FeatureEntity;
  name: string;
  /** Of the schema that brought its last change. */
  version: number;
  retired: boolean;
  changedAt: string;
  readBy: { id: string; title: string; how: 'named' | 'all' }[];
}

export interface FeatureList {
  schemaVersion: number;
  unregistered: 'given' | 'withheld';
  items: Feature[];
  found: { entity: 'context' | 'title'; name: string; seen: number }[];
}

export interface FeatureDetail extends Feature {
  changes: {
    version: number;
    action: 'register' | 'change' | 'retire';
    actor: string;
    at: string;
    what: string[];
  }[];
}

export const featurePath = ({ entity, name }: Pick<Feature, 'entity' | 'name'>): string =>
  `/v1/features/${segment(entity)}/${segment(name)}`;

export const useFeatures = () => useRead<FeatureList>('/v1/features');
export const useFeature = (feature: Pick<Feature, 'entity' | 'name'>) =>
  useRead<FeatureDetail>(featurePath(feature));
