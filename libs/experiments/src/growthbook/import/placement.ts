import type { Condition, Json } from '../../vocabulary.js';
import { NotImported, allOf, importCondition, notOf } from './condition.js';
import { keyOf } from './report.js';
import type { SavedGroups } from './saved-groups.js';
import type { ExportedExperiment, ExportedFeature, ExportedRule } from './shapes.js';

/** Where an experiment shows: the feature, its rule, and what the rules before it take away. */
export interface Placement {
  readonly surface: string;
  /** Values by variation; undefined: the rule names none. */
  value(variationId: string): Json | undefined;
  /** Whom the rules before it leave; null: everybody. */
  readonly left: Condition | null;
  /** What of the rule and of those before it cannot be kept. */
  readonly losses: readonly string[];
}

/** GrowthBook's values are texts. @throws NotImported for JSON that cannot be read. */
export function valueOf(type: string, text: string): Json {
  if (type === 'boolean') return text === 'true';
  if (type === 'number') return Number.isFinite(Number(text)) ? Number(text) : 0;
  if (type !== 'json') return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new NotImported(`the value ${JSON.stringify(text.slice(0, 40))}, which is no JSON`);
  }
}

const nameOf = ({ id, type }: ExportedRule): string => `the rule ${id || type}`;

function ruleCondition(rule: ExportedRule, groups: SavedGroups, unitAttribute: string): Condition | null {
  const terms = groups.terms(unitAttribute);
  return allOf([
    importCondition(rule.condition, terms),
    groups.targeting(rule.savedGroupTargeting, unitAttribute),
  ]);
}

const asks = (rule: ExportedRule): boolean =>
  rule.prerequisites.length > 0 || (rule.scheduleRules ?? []).length > 0;

/** Whom a rule before the experiment takes away. @throws NotImported where nobody can tell. */
function takenBy(
  rule: ExportedRule,
  groups: SavedGroups,
  unitAttribute: string,
  inUse: (experimentId: string) => boolean,
): Condition | null | 'nobody' {
  if (rule.type === 'experiment-ref' && !inUse(rule.experimentId)) return 'nobody';
  const share = rule.type === 'rollout' ? (rule.coverage ?? 1) : 1;
  if (rule.type === 'rollout' && share <= 0) return 'nobody';
  const everybody = rule.type === 'force' || (rule.type === 'rollout' && share >= 1);
  if (!everybody || asks(rule))
    throw new NotImported(`${nameOf(rule)} before it, which takes units away by more than a condition`);
  return ruleCondition(rule, groups, unitAttribute);
}

function leftBy(
  rules: readonly ExportedRule[],
  groups: SavedGroups,
  unitAttribute: string,
  inUse: (experimentId: string) => boolean,
): { readonly left: Condition | null; readonly losses: readonly string[] } {
  const losses: string[] = [];
  const parts: Condition[] = [];
  for (const rule of rules) {
    try {
      const taken = takenBy(rule, groups, unitAttribute, inUse);
      if (taken === 'nobody') continue;
      if (taken === null) throw new NotImported(`${nameOf(rule)} before it, which takes everybody`);
      parts.push(notOf(taken));
    } catch (error) {
      if (!(error instanceof NotImported)) throw error;
      losses.push(error.message);
    }
  }
  return { left: allOf(parts), losses };
}

export interface Features {
  readonly all: readonly ExportedFeature[];
  readonly environment: string;
  /** Whether GrowthBook publishes the experiment: it runs, or a variation of it was released. */
  inUse(experimentId: string): boolean;
}

function lossesOf(
  { holdout, prerequisites }: ExportedFeature,
  rule: ExportedRule,
  enabled: boolean,
  environment: string,
): string[] {
  const found: readonly (readonly [boolean, string])[] = [
    [!enabled, `the feature is switched off in ${environment}`],
    [asks(rule), 'the rule has a schedule or prerequisites'],
    [!['', '{}'].includes(rule.condition), 'the rule has a condition besides that of the phase'],
    [Boolean(holdout?.id), `the feature is under the holdout "${holdout?.id ?? ''}"`],
    [prerequisites.length > 0, 'the feature has prerequisites'],
  ];
  return found.filter(([holds]) => holds).map(([, loss]) => loss);
}

/**
 * The features that an experiment shows on, in the order of the export.
 * @throws NotImported for a value that cannot be read.
 */
export function placementsOf(
  { id, hashAttribute }: Pick<ExportedExperiment, 'id' | 'hashAttribute'>,
  { all, environment, inUse }: Features,
  groups: SavedGroups,
): Placement[] {
  return all.flatMap((feature): Placement[] => {
    const there = feature.environments[environment];
    const rules = (there?.rules ?? []).filter(({ enabled }) => enabled);
    const at = rules.findIndex((rule) => rule.type === 'experiment-ref' && rule.experimentId === id);
    const rule = rules[at];
    if (!there || !rule || feature.archived) return [];
    const before = leftBy(rules.slice(0, at), groups, hashAttribute, inUse);
    const values = new Map(rule.variations.map((one) => [one.variationId, one.value]));
    return [
      {
        surface: keyOf(feature.id),
        value: (variationId) => {
          const text = values.get(variationId);
          return text === undefined ? undefined : valueOf(feature.valueType, text);
        },
        left: before.left,
        losses: [...before.losses, ...lossesOf(feature, rule, there.enabled, environment)],
      },
    ];
  });
}
