import type { Json } from '../../vocabulary.js';

export type ImportedKind =
  'feature' | 'experiment' | 'metric' | 'saved group' | 'segment' | 'namespace' | 'file';

/** What becomes of one thing of GrowthBook. */
export interface ImportNote {
  readonly kind: ImportedKind;
  readonly id: string;
  readonly name: string;
  /** `mapped`: in full. `partly`: the notes say what is missing. `skipped`: the notes say why. */
  readonly outcome: 'mapped' | 'partly' | 'skipped';
  /** What it is here, such as `experiment/hero`; null where it was skipped. */
  readonly to: string | null;
  readonly notes: readonly string[];
}

/** The lists of a configuration file. */
export interface ImportedConfig {
  readonly version: 1;
  readonly unitTypes?: readonly Json[];
  readonly layers?: readonly Json[];
  readonly surfaces?: readonly Json[];
  readonly metrics?: readonly Json[];
  readonly unitLists?: readonly Json[];
  readonly segments?: readonly Json[];
  readonly experiments?: readonly Json[];
}

export interface GrowthBookImport {
  readonly config: ImportedConfig;
  readonly report: readonly ImportNote[];
}

export interface ImportOptions {
  /** Of the features; GrowthBook's are usually called production and dev. */
  readonly environment: string;
  /** Metrics here, by their id there. */
  readonly metrics: Readonly<Record<string, string>>;
}

/** A key out of a name or id: what keys cannot hold becomes a hyphen. */
export function keyOf(name: string): string {
  const key = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 100)
    .replace(/-+$/, '');
  return key === '' ? 'unnamed' : key;
}
