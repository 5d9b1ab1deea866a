import { BUCKETS, chooseVariation, getBucketRanges } from '../../hash.js';
import { splitRanges } from '../../split.js';
import { BUILT_IN_UNIT_TYPES } from '../../unit-types.js';
import type { Condition, Json } from '../../vocabulary.js';
import { NotImported, allOf, importCondition } from './condition.js';
import { isKnownHash, layerOf } from './layer.js';
import { placementsOf } from './placement.js';
import type { Features, Placement } from './placement.js';
import { keyOf } from './report.js';
import type { ImportNote, ImportOptions } from './report.js';
import type { SavedGroups } from './saved-groups.js';
import type { ExportedExperiment, ExportedNamespace, ExportedPhase } from './shapes.js';

type Part = Readonly<Record<string, Json>>;

/** An experiment as parts of a configuration file. */
export interface ImportedExperiment {
  readonly note: ImportNote;
  readonly experiment?: Part;
  /** There, so that it is to be started here. */
  readonly runs?: boolean;
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

/** Variations with their weights. One of weight 0 gets no unit, and moves nobody by being left out. */
function weighedVariations(
  { variations }: ExportedExperiment,
  { trafficSplit }: ExportedPhase,
  draft: Draft,
) {
  const weighed = variations.map((variation) => ({
    ...variation,
    weight: trafficSplit.find((one) => one.variationId === variation.variationId)?.weight ?? 0,
  }));
  const taken = weighed.filter(({ weight }) => weight > 0);
  if (taken.length === 0) return weighed.map((one) => ({ ...one, weight: 1 / weighed.length }));
  if (taken.length < weighed.length)
    draft.notes.push('Variations of weight 0 are left out: no unit gets them.');
  return taken;
}

function armsOf(
  variations: ReturnType<typeof weighedVariations>,
  placement: Placement | undefined,
  draft: Draft,
): Part[] {
  const seen = new Set<string>();
  return variations.map(({ variationId, key, name, weight }, i): Part => {
    let armKey = keyOf(key || String(i));
    while (seen.has(armKey)) armKey = `${armKey}-${i}`.slice(-100);
    seen.add(armKey);
    const value = orLoss(draft, null, () => placement?.value(variationId) ?? (placement ? null : armKey));
    const control = i === 0 ? { isControl: true } : {};
    const title = (name || armKey).slice(0, 200);
    return { key: armKey, title, weight, ...control, treatment: { kind: 'value', value } };
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
    ...(isKnownHash(hashVersion)
      ? []
      : [`it hashes with version ${hashVersion}, and only versions 1 and 2 are known here`]),
    ...(type === 'standard'
      ? []
      : [`it is of the type "${type}", whose weights change; make a policy for it here`]),
    ...(fallbackAttribute === ''
      ? []
      : [`units without "${exported.hashAttribute}" are assigned by "${fallbackAttribute}"`]),
    ...(bucketVersion > 0
      ? ['units were assigned anew while others kept their arm, and the export does not say who']
      : []),
    ...(exported.holdoutId === '' ? [] : [`it is under the holdout "${exported.holdoutId}"`]),
    ...(phase.prerequisites.length > 0 ? ['it has prerequisites'] : []),
    ...(second
      ? [`it shows on more features than "${placements[0]?.surface ?? ''}": ${second.surface}`]
      : []),
    ...(placements[0]?.losses ?? []),
  ];
}

/** Why an experiment is not looked at any further; null: it is. */
function skipReason({ archived, status, phases, variations }: ExportedExperiment): string | null {
  if (archived) return 'It is archived.';
  if (status === 'stopped')
    return 'It is stopped: results stay in GrowthBook. A released variation is best the default of the surface.';
  return phases.length === 0 || variations.length === 0 ? 'It has no phase or no variations.' : null;
}

interface Assembled {
  readonly experiment: Part;
  readonly layer: Part;
  readonly placement: Placement | undefined;
  readonly unitType: Part | undefined;
}

/** The parts of the file, with what is lost and noted on the way. */
function assemble(
  exported: ExportedExperiment,
  phase: ExportedPhase,
  sources: ImportSources,
  draft: Draft,
): Assembled {
  const trackingKey = trackingKeyOf(exported);
  const key = keyOf(trackingKey);
  const placements = orLoss<Placement[]>(draft, [], () =>
    placementsOf(exported, sources.features, sources.groups),
  );
  const [placement] = placements;
  const arms = armsOf(weighedVariations(exported, phase, draft), placement, draft);
  const { layer, range, losses } = layerOf(key, phase.namespace, exported.hashAttribute, sources.namespaces);
  const unit = unitOf(exported.hashAttribute);
  const weights = weightsLoss(
    arms.map(({ weight }) => weight as number),
    phase.coverage,
  );
  draft.losses.push(
    ...losses,
    ...generalLosses(exported, phase, placements),
    ...(weights === null ? [] : [weights]),
  );
  const experiment: Part = {
    key,
    title: (exported.name || key).slice(0, 200),
    hypothesis: (exported.hypothesis || exported.description).slice(0, 4000),
    surface: placement?.surface ?? `experiment.${key}`.slice(0, 100),
    unitType: unit.unitType,
    layer: layer.key,
    layerRange: range,
    traffic: Math.min(1, Math.max(0, phase.coverage)),
    salt: phase.seed || trackingKey,
    ...(exported.hashVersion === 1 ? { hashVersion: 1 } : {}),
    targeting: targetingOf(exported, phase, placement, sources, draft) as Json,
    arms,
    ...metricsOf(exported, sources, draft),
    owner: exported.owner.slice(0, 200),
    tags: exported.tags.map((tag) => tag.slice(0, 50)).slice(0, 50),
  };
  return { experiment, layer, placement, unitType: unit.made };
}

/** One experiment. Of a running one nothing is taken over unless every unit keeps its arm. */
export function importExperiment(exported: ExportedExperiment, sources: ImportSources): ImportedExperiment {
  const about = {
    kind: 'experiment',
    id: exported.id,
    name: exported.name || trackingKeyOf(exported),
  } as const;
  const skip = (...notes: string[]): ImportedExperiment => ({
    note: { ...about, outcome: 'skipped', to: null, notes },
  });
  const reason = skipReason(exported);
  const phase = exported.phases.at(-1);
  if (reason !== null || !phase) return skip(reason ?? '');
  const draft: Draft = { losses: [], notes: [] };
  const { experiment, layer, placement, unitType } = assemble(exported, phase, sources, draft);
  const runs = exported.status === 'running';
  if (runs && draft.losses.length > 0)
    return skip('It runs, and units would not keep their arms:', ...draft.losses.map((loss) => `- ${loss}`));
  const surface = experiment['surface'] as string;
  const notes = [
    ...draft.losses.map((loss) => `Not kept: ${loss}.`),
    ...draft.notes,
    ...(placement ? [] : [`It shows on no feature: "${surface}" answers with the key of the arm.`]),
    ...(runs
      ? [
          `It runs there. Start it here: with the salt "${String(experiment['salt'])}" every unit keeps its arm.`,
        ]
      : []),
  ];
  const outcome = draft.losses.length > 0 ? 'partly' : 'mapped';
  return {
    note: { ...about, outcome, to: `experiment/${String(experiment['key'])}`, notes },
    experiment,
    runs,
    layer,
    ...(placement ? {} : { surface: { key: surface, title: experiment['title'] as string, kind: 'value' } }),
    ...(unitType ? { unitType } : {}),
  };
}
