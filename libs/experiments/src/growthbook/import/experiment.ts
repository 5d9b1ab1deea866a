import { BUCKETS, chooseVariation, getBucketRanges } from '../../hash.js';
import { splitRanges } from '../../split.js';
import { BUILT_IN_UNIT_TYPES } from '../../unit-types.js';
import type { Condition, Json } from '../../vocabulary.js';
import { NotImported, allOf, importCondition } from './condition.js';
import { placementsOf } from './placement.js';
import type { Features, Placement } from './placement.js';
import { keyOf } from './report.js';
import type { ImportNote, ImportOptions } from './report.js';
import type { SavedGroups } from './saved-groups.js';
import type {
  ExportedExperiment,
  ExportedNamespace,
  ExportedPhase,
  ExportedPhaseNamespace,
} from './shapes.js';

type Part = Readonly<Record<string, Json>>;

/** An experiment as parts of a configuration file. */
export interface ImportedExperiment {
  readonly note: ImportNote;
  /** It takes units in GrowthBook now. */
  readonly runs?: boolean;
  readonly experiment?: Part;
  readonly layer?: Part;
  readonly surface?: Part;
  readonly unitType?: Part;
}

export interface ImportSources extends ImportOptions {
  readonly features: Features;
  readonly groups: SavedGroups;
  readonly namespaces: ReadonlyMap<string, ExportedNamespace>;
}

interface Draft {
  /** What keeps units from getting the arms that they get in GrowthBook. */
  readonly losses: string[];
  readonly notes: string[];
}

const trackingKeyOf = ({ trackingKey, settings, id }: ExportedExperiment): string =>
  trackingKey || settings.experimentId || id;

/** A loss instead of an exception: every reason is told. */
function orLoss<T>(draft: Draft, otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof NotImported)) throw error;
    draft.losses.push(`has no counterpart: ${error.message}`);
    return otherwise;
  }
}

function unitOf(attribute: string): { readonly unitType: string; readonly made?: Part } {
  if (attribute === 'id') return { unitType: 'member' };
  const known = BUILT_IN_UNIT_TYPES.find(({ contextField }) => contextField === attribute);
  if (known) return { unitType: known.key };
  const key = keyOf(attribute);
  return { unitType: key, made: { key, title: attribute, contextField: attribute } };
}

/** Every one of the 10,000 buckets must lead to the same arm. */
function weightsLoss(weights: readonly number[], coverage: number): string | null {
  const theirs = getBucketRanges(weights.length, coverage, weights);
  const arms = weights.map((weight, i) => ({ key: String(i), weight }));
  const ours = splitRanges({ arms: arms as never, traffic: coverage });
  let differing = 0;
  for (let i = 0; i < BUCKETS; i++) {
    if (chooseVariation(i / BUCKETS, theirs) !== chooseVariation(i / BUCKETS, ours)) differing += 1;
  }
  return differing === 0
    ? null
    : `${differing} of ${BUCKETS} buckets would change arm, because its weights do not add up to 1`;
}

interface Layered {
  readonly layer: Part;
  readonly range: readonly [number, number];
}

/** A layer of its own where it has no namespace: GrowthBook's experiments do not exclude each other by themselves. */
function layerOf(
  key: string,
  given: ExportedPhaseNamespace | undefined,
  attribute: string,
  { namespaces }: ImportSources,
  draft: Draft,
): Layered {
  const own: Layered = { layer: { key: `alone.${key}`.slice(0, 100), title: `Only ${key}` }, range: [0, 1] };
  if (!given || given.namespaceId === '') return own;
  const defined = namespaces.get(given.namespaceId);
  const ranges = given.ranges ?? (given.range ? [given.range] : []);
  const [from = 0, to = 1] = ranges[0] ?? [];
  const title = defined?.label || defined?.name || given.namespaceId;
  const multi = defined?.format ? defined.format === 'multiRange' : given.ranges !== undefined;
  const layer: Part = {
    key: keyOf(given.namespaceId),
    title,
    ...(multi ? { salt: defined?.seed || given.namespaceId } : {}),
  };
  if (ranges.length > 1)
    draft.losses.push(`it has ${ranges.length} ranges of the namespace "${title}"; one is kept`);
  if (!multi && from <= 0 && to >= 1) return own;
  if (!multi)
    draft.losses.push(
      `the namespace "${title}" is of the old kind, whose hash has 1,000 buckets and is not used here`,
    );
  if (multi && (given.hashVersion ?? 2) !== 2)
    draft.losses.push(`the namespace "${title}" has hash version 1`);
  const hashed = given.hashAttribute ?? defined?.hashAttribute ?? attribute;
  if (hashed !== attribute)
    draft.losses.push(`the namespace "${title}" hashes "${hashed}", not "${attribute}"`);
  const fine = [from, to].every((edge) => Math.abs(edge * BUCKETS - Math.round(edge * BUCKETS)) < 1e-6);
  if (!fine) draft.losses.push(`its range of the namespace "${title}" is finer than 1/${BUCKETS}`);
  return { layer, range: [from, to] };
}

function armsOf(
  exported: ExportedExperiment,
  phase: ExportedPhase,
  placement: Placement | undefined,
  draft: Draft,
) {
  const seen = new Set<string>();
  return exported.variations.map(({ variationId, key, name }, i): Part => {
    let armKey = keyOf(key || String(i));
    while (seen.has(armKey)) armKey = `${armKey}-${i}`.slice(-100);
    seen.add(armKey);
    const weight = phase.trafficSplit.find((one) => one.variationId === variationId)?.weight ?? 0;
    const value = orLoss(draft, null, () => placement?.value(variationId) ?? (placement ? null : armKey));
    const control = i === 0 ? { isControl: true } : {};
    return { key: armKey, title: name || armKey, weight, ...control, treatment: { kind: 'value', value } };
  });
}

function metricsOf({ settings }: ExportedExperiment, { metrics }: ImportSources, draft: Draft): Part {
  const lost: string[] = [];
  const keys = (goals: readonly { readonly metricId: string }[]): string[] =>
    goals.flatMap(({ metricId }) => {
      const key = Object.hasOwn(metrics, metricId) ? metrics[metricId] : undefined;
      if (key === undefined) lost.push(metricId);
      return key === undefined ? [] : [key];
    });
  const [decision = null, ...more] = keys(settings.goals);
  const secondaryMetrics = [...more, ...keys(settings.secondaryMetrics)];
  const guardrailMetrics = keys(settings.guardrails);
  if (lost.length > 0) draft.notes.push(`Metrics that are not mapped: ${lost.join(', ')}.`);
  if (decision === null) draft.notes.push('Name the metric that decides before it is started.');
  return { decisionMetric: decision, secondaryMetrics, guardrailMetrics };
}

function targetingOf(
  exported: ExportedExperiment,
  phase: ExportedPhase,
  placement: Placement | undefined,
  { groups }: ImportSources,
  draft: Draft,
): Condition | null {
  const { hashAttribute } = exported;
  return allOf([
    orLoss(draft, null, () => importCondition(phase.targetingCondition, groups.terms(hashAttribute))),
    orLoss(draft, null, () => groups.targeting(phase.savedGroupTargeting, hashAttribute)),
    placement?.left ?? null,
  ]);
}

/** What hashing, stickiness and types keep units from their arms, besides weights and namespaces. */
function generalLosses(
  exported: ExportedExperiment,
  phase: ExportedPhase,
  placements: readonly Placement[],
): string[] {
  const { hashVersion, type, fallbackAttribute, bucketVersion } = exported;
  const [, second] = placements;
  return [
    ...(hashVersion === 2
      ? []
      : [
          `it hashes with version ${hashVersion}, and only version 2 is used here; make a new phase with version 2 there first`,
        ]),
    ...(type === 'standard'
      ? []
      : [`it is of the type "${type}", whose weights change; make a policy for it here`]),
    ...(fallbackAttribute === ''
      ? []
      : [`units without "${exported.hashAttribute}" are assigned by "${fallbackAttribute}"`]),
    ...(bucketVersion > 0
      ? ['units were assigned anew while others kept their arm, and the export does not say who']
      : []),
    ...(phase.prerequisites.length > 0 ? ['it has prerequisites'] : []),
    ...(second
      ? [`it shows on more features than "${placements[0]?.surface ?? ''}": ${second.surface}`]
      : []),
    ...(placements[0]?.losses ?? []),
  ];
}

const SKIPPED: Readonly<Record<string, string>> = {
  stopped:
    'It is stopped: results stay in GrowthBook. A released variation is best the default of the surface.',
};

/** One experiment. Of a running one nothing is taken over unless every unit keeps its arm. */
export function importExperiment(exported: ExportedExperiment, sources: ImportSources): ImportedExperiment {
  const trackingKey = trackingKeyOf(exported);
  const about = { kind: 'experiment', id: exported.id, name: exported.name || trackingKey } as const;
  const skip = (...notes: string[]): ImportedExperiment => ({
    note: { ...about, outcome: 'skipped', to: null, notes },
  });
  const phase = exported.phases.at(-1);
  if (exported.archived) return skip('It is archived.');
  const reason = SKIPPED[exported.status];
  if (reason !== undefined) return skip(reason);
  if (!phase || exported.variations.length === 0) return skip('It has no phase or no variations.');

  const draft: Draft = { losses: [], notes: [] };
  const key = keyOf(trackingKey);
  const placements = orLoss<Placement[]>(draft, [], () =>
    placementsOf(exported, sources.features, sources.groups),
  );
  const [placement] = placements;
  const { hashAttribute } = exported;
  const arms = armsOf(exported, phase, placement, draft);
  const { layer, range } = layerOf(key, phase.namespace, hashAttribute, sources, draft);
  const unit = unitOf(hashAttribute);
  draft.losses.push(...generalLosses(exported, phase, placements));
  const lost = weightsLoss(
    arms.map(({ weight }) => weight as number),
    phase.coverage,
  );
  if (lost !== null) draft.losses.push(lost);
  const targeting = targetingOf(exported, phase, placement, sources, draft);
  const runs = exported.status === 'running';
  if (runs && draft.losses.length > 0)
    return skip('It runs, and units would not keep their arms:', ...draft.losses.map((loss) => `- ${loss}`));
  const surface = placement?.surface ?? `experiment.${key}`.slice(0, 100);
  if (!placement) draft.notes.push(`It shows on no feature: "${surface}" answers with the key of the arm.`);
  if (runs)
    draft.notes.push(
      `It runs there. Start it here: with the salt "${phase.seed || trackingKey}" every unit keeps its arm.`,
    );
  const experiment: Part = {
    key,
    title: exported.name || key,
    hypothesis: exported.hypothesis || exported.description,
    surface,
    unitType: unit.unitType,
    layer: layer['key'] as string,
    layerRange: range,
    traffic: Math.min(1, Math.max(0, phase.coverage)),
    salt: phase.seed || trackingKey,
    targeting: targeting as Json,
    arms,
    ...metricsOf(exported, sources, draft),
    owner: exported.owner,
    tags: exported.tags,
  };
  return {
    note: {
      ...about,
      outcome: draft.losses.length > 0 ? 'partly' : 'mapped',
      to: `experiment/${key}`,
      notes: [...draft.losses.map((loss) => `Not kept: ${loss}.`), ...draft.notes],
    },
    runs,
    experiment,
    layer,
    ...(placement ? {} : { surface: { key: surface, title: exported.name || key, kind: 'value' } }),
    ...(unit.made ? { unitType: unit.made } : {}),
  };
}
