import { z } from 'zod';
import { DomainError } from '../../errors.js';
import type { Json } from '../../vocabulary.js';
import { NotImported } from './condition.js';
import { importExperiment } from './experiment.js';
import type { ImportedExperiment } from './experiment.js';
import { importMetric } from './metric.js';
import { apart } from './overlaps.js';
import { valueOf } from './placement.js';
import { keyOf } from './report.js';
import type { GrowthBookImport, ImportNote, ImportOptions, ImportedConfig } from './report.js';
import { SavedGroups } from './saved-groups.js';
import {
  exportedExperiment,
  exportedFeature,
  exportedGroup,
  exportedMetric,
  exportedNamespace,
  exportedSegment,
} from './shapes.js';
import type { ExportedFeature } from './shapes.js';

/** Most things of a kind. */
const MOST = 2000;
const exportSchema = z.looseObject({
  features: z.array(exportedFeature).max(MOST).default([]),
  experiments: z.array(exportedExperiment).max(MOST).default([]),
  metrics: z.array(exportedMetric).max(MOST).default([]),
  segments: z.array(exportedSegment).max(MOST).default([]),
  savedGroups: z.array(exportedGroup).max(MOST).default([]),
  namespaces: z.array(exportedNamespace).max(MOST).default([]),
});
type Exported = z.output<typeof exportSchema>;

const KNOWN = Object.keys(exportSchema.shape);

function parsed(exported: unknown): Exported {
  const result = exportSchema.safeParse(exported);
  const keys = typeof exported === 'object' && exported !== null ? Object.keys(exported) : [];
  if (result.success && keys.some((key) => KNOWN.includes(key))) return result.data;
  const issue = result.error?.issues[0];
  const at = (issue?.path ?? []).join('/');
  const message = issue
    ? `/${at}: ${issue.message}`
    : `it holds none of ${KNOWN.join(', ')}, as the lists of GrowthBook's API do`;
  throw new DomainError('invalid_export', `The export cannot be read: ${message}`, `/exported/${at}`);
}

/** One of each key; the first stays. */
const distinct = (parts: readonly (Json | undefined)[]): Json[] => {
  const byKey = new Map<string, Json>();
  for (const part of parts) {
    if (part === undefined) continue;
    const { key } = part as { readonly key: string };
    if (!byKey.has(key)) byKey.set(key, part);
  }
  return [...byKey.values()];
};

function surfaceOf(
  feature: ExportedFeature,
  environment: string,
): { readonly note: ImportNote; readonly surface?: Json } {
  const about = { kind: 'feature', id: feature.id, name: feature.id } as const;
  const skip = (reason: string) => ({
    note: { ...about, outcome: 'skipped', to: null, notes: [reason] } as const,
  });
  if (feature.archived) return skip('It is archived.');
  const there = feature.environments[environment];
  const key = keyOf(feature.id);
  try {
    const defaultValue = valueOf(feature.valueType, there?.defaultValue ?? feature.defaultValue);
    const rules = (there?.rules ?? []).filter(({ enabled, type }) => enabled && type !== 'experiment-ref');
    const notes = [
      ...(there ? [] : [`It is not in the environment "${environment}"; its general default is taken.`]),
      ...rules.map(
        ({ id, type }) =>
          `Not kept: the rule ${id || type} of the type "${type}"; its units get the default.`,
      ),
    ];
    return {
      note: { ...about, outcome: notes.length > 0 ? 'partly' : 'mapped', to: `surface/${key}`, notes },
      surface: { key, title: feature.description.slice(0, 200) || feature.id, kind: 'value', defaultValue },
    };
  } catch (error) {
    if (!(error instanceof NotImported)) throw error;
    return skip(`Has no counterpart: ${error.message}.`);
  }
}

function withDistinctKeys(found: readonly ImportedExperiment[]): ImportedExperiment[] {
  const seen = new Set<string>();
  return found.map((one) => {
    const key = one.experiment?.['key'] as string | undefined;
    if (key === undefined) return one;
    if (!seen.has(key)) {
      seen.add(key);
      return one;
    }
    return {
      note: { ...one.note, outcome: 'skipped', to: null, notes: [`Another experiment is "${key}" already.`] },
    };
  });
}

/**
 * What of an export of GrowthBook can be taken over, as a configuration file, and a report of everything else. Running
 * experiments are taken over only where every unit keeps its arm: same seed, hash version, ranges and targeting.
 * @param exported one object with the lists that GrowthBook's REST API answers: features, experiments, metrics, segments,
 *   savedGroups and namespaces; those that are missing are empty.
 * @throws DomainError `invalid_export`.
 */
export function importGrowthBook(exported: unknown, options: ImportOptions): GrowthBookImport {
  const { features, experiments, metrics, segments, savedGroups, namespaces } = parsed(exported);
  const { environment } = options;
  const made = metrics.map((metric) => ({
    id: metric.id,
    ...importMetric(metric, options.metrics[metric.id]),
  }));
  const keys = Object.fromEntries(made.flatMap(({ id, key }) => (key === undefined ? [] : [[id, key]])));
  const groups = new SavedGroups(new Map(savedGroups.map((group) => [group.id, group])));
  const published = new Set(
    experiments.filter(({ status, archived }) => !archived && status !== 'draft').map(({ id }) => id),
  );
  const sources = {
    environment,
    metrics: { ...keys, ...options.metrics },
    groups,
    namespaces: new Map(namespaces.map((one) => [one.id ?? one.name, one])),
    features: { all: features, environment, inUse: (id: string) => published.has(id) },
  };
  const found = apart(withDistinctKeys(experiments.map((one) => importExperiment(one, sources))));
  const surfaces = features.map((feature) => surfaceOf(feature, environment));
  const config: ImportedConfig = {
    version: 1,
    unitTypes: distinct(found.map(({ unitType }) => unitType)),
    layers: distinct(found.map(({ layer }) => layer)),
    surfaces: distinct([...surfaces.map(({ surface }) => surface), ...found.map(({ surface }) => surface)]),
    metrics: distinct(made.map(({ metric }) => metric)),
    unitLists: groups.unitLists,
    segments: distinct(groups.segments),
    experiments: found.flatMap(({ experiment }) => (experiment ? [experiment] : [])),
  };
  const report: ImportNote[] = [
    ...surfaces.map(({ note }) => note),
    ...found.map(({ note }) => note),
    ...made.map(({ note }) => note),
    ...groups.notes,
    ...segments.map(({ id, name }): ImportNote => ({
      kind: 'segment',
      id,
      name,
      outcome: 'skipped',
      to: null,
      notes: ['It is made by SQL, which is not read here. Look at results by segment of the report instead.'],
    })),
    ...namespaceNotes(namespaces, config),
  ];
  return { config: withoutEmpty(config), report };
}

function namespaceNotes(namespaces: Exported['namespaces'], { layers = [] }: ImportedConfig): ImportNote[] {
  const used = new Set(layers.map((layer) => (layer as { readonly key: string }).key));
  return namespaces.map(({ id, name, label }): ImportNote => {
    const key = keyOf(id ?? name);
    const taken = used.has(key);
    return {
      kind: 'namespace',
      id: id ?? name,
      name: label || name,
      outcome: taken ? 'mapped' : 'skipped',
      to: taken ? `layer/${key}` : null,
      notes: taken ? [] : ['No experiment that was taken over is in it.'],
    };
  });
}

const withoutEmpty = (config: ImportedConfig): ImportedConfig =>
  Object.fromEntries(
    Object.entries(config).filter(([, list]) => !Array.isArray(list) || list.length > 0),
  ) as unknown as ImportedConfig;
