import { DomainError, checkPrerequisites } from '#experiments';
import type { Arm, Experiment, ExperimentDesign, SurfaceKind } from '#experiments';
import { Problem } from '../http/problem.js';
import type { FieldError } from '../http/problem.js';
import { audienceErrors } from '../persistence/audience-references.js';
import type { Transaction } from '../persistence/database.js';
import { loadMetricCatalogue } from '../persistence/metric-catalogue.js';
import type { MetricCatalogue } from '../persistence/metric-catalogue.js';

/** How a treatment can be wrong for the kind of its surface. */
function treatmentFault(arm: Arm, kind: SurfaceKind): string | null {
  const { treatment } = arm;
  if (treatment.kind === 'policy') {
    return kind === 'value'
      ? 'a surface of the kind "value" shows values, and policies pick actions or order slates'
      : null;
  }
  // Null is the surface's default: its first action, or the registered order.
  if (treatment.value === null) return null;
  if (kind === 'action' && typeof treatment.value !== 'string')
    return 'the value of an arm on an "action" surface is an action id, or null for the default';
  const isSlate = Array.isArray(treatment.value) && treatment.value.every((id) => typeof id === 'string');
  return kind === 'slate' && !isSlate
    ? 'the value of an arm on a "slate" surface is a list of item ids, or null for the registered order'
    : null;
}

const metricsOf = ({ decisionMetric, secondaryMetrics, guardrailMetrics }: ExperimentDesign): string[] => [
  ...(decisionMetric === null ? [] : [decisionMetric]),
  ...secondaryMetrics,
  ...guardrailMetrics,
];

function metricErrors(design: ExperimentDesign, catalogue: MetricCatalogue): FieldError[] {
  // What has started goes on with a metric that was archived since.
  const fault = (key: string): string | null => {
    if (!catalogue.find(key)) return `the metric "${key}" does not exist`;
    return design.status === 'draft' && catalogue.isArchived(key) ? `the metric "${key}" is archived` : null;
  };
  const named: [pointer: string, key: string][] = [
    ...(design.decisionMetric === null
      ? []
      : [['/decisionMetric', design.decisionMetric] as [string, string]]),
    ...design.secondaryMetrics.map((key, i): [string, string] => [`/secondaryMetrics/${i}`, key]),
    ...design.guardrailMetrics.map((key, i): [string, string] => [`/guardrailMetrics/${i}`, key]),
  ];
  return named.flatMap(([pointer, key]) => {
    const message = fault(key);
    return message === null ? [] : [{ pointer, code: 'unknown_metric', message }];
  });
}

async function armErrors(
  tx: Transaction,
  design: ExperimentDesign,
  kind: SurfaceKind | null,
): Promise<FieldError[]> {
  const rows = await tx.query<{ id: string }>('select id from policy');
  const policies = new Set(rows.map((row) => row.id));
  return design.arms.flatMap((arm, i): FieldError[] => {
    const { treatment } = arm;
    if (treatment.kind === 'policy' && !policies.has(treatment.policyId)) {
      const message = `the policy "${treatment.policyId}" does not exist`;
      return [{ pointer: `/arms/${i}/treatment/policyId`, code: 'unknown_policy', message }];
    }
    const fault = kind && treatmentFault(arm, kind);
    return fault ? [{ pointer: `/arms/${i}/treatment`, code: 'unsuitable_treatment', message: fault }] : [];
  });
}

async function unitErrors(tx: Transaction, design: ExperimentDesign): Promise<FieldError[]> {
  const rows = await tx.query<{ key: string }>('select key from unit_type');
  const known = new Set(rows.map(({ key }) => key));
  const missing = (pointer: string, key: string | null | undefined): FieldError[] =>
    !key || known.has(key)
      ? []
      : [{ pointer, code: 'unknown_unit_type', message: `the unit type "${key}" does not exist` }];
  const both = design.clusterBy && design.switchback;
  const message = 'a switchback is assigned by slots of time, and has no clusters besides';
  return [
    ...missing('/unitType', design.unitType),
    ...missing('/clusterBy', design.clusterBy),
    ...(both ? [{ pointer: '/clusterBy', code: 'unsuitable_cluster', message }] : []),
  ];
}

/** Two designs that are saved at once cannot make a circle together: they wait for each other. */
async function prerequisiteErrors(tx: Transaction, design: ExperimentDesign): Promise<FieldError[]> {
  if ((design.prerequisites ?? []).length === 0) return [];
  await tx.query(`select pg_advisory_xact_lock(hashtext('marquee.prerequisites'))`);
  const others = await tx.query<
    Pick<Experiment, 'key' | 'surface' | 'unitType' | 'prerequisites' | 'arms'> & Record<string, unknown>
  >(
    `select key, surface, unit_type as "unitType", prerequisites, arms from experiment
     where status not in ('stopped', 'archived') and key <> $1`,
    [design.key],
  );
  try {
    checkPrerequisites(design, others);
    return [];
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return [{ pointer: error.pointer ?? '/prerequisites', code: error.code, message: error.message }];
  }
}

/**
 * Everything a design names must exist and fit.
 * @throws Problem 400 `unknown_reference` with one error per field.
 */
export async function checkReferences(tx: Transaction, design: ExperimentDesign): Promise<void> {
  const [surface] = await tx.query<{ kind: SurfaceKind }>('select kind from surface where key = $1', [
    design.surface,
  ]);
  const [layer] = await tx.query('select 1 from layer where key = $1', [design.layer]);
  const catalogue = await loadMetricCatalogue(tx, metricsOf(design));
  const errors = [
    ...metricErrors(design, catalogue),
    ...(await armErrors(tx, design, surface?.kind ?? null)),
    ...(await audienceErrors(tx, design.targeting, '/targeting')),
    ...(await unitErrors(tx, design)),
    ...(await prerequisiteErrors(tx, design)),
  ];
  if (!surface) {
    errors.unshift({
      pointer: '/surface',
      code: 'unknown_surface',
      message: `the surface "${design.surface}" does not exist`,
    });
  }
  if (!layer)
    errors.unshift({
      pointer: '/layer',
      code: 'unknown_layer',
      message: `the layer "${design.layer}" does not exist`,
    });
  const [first] = errors;
  if (first) throw new Problem(400, 'unknown_reference', `${first.pointer}: ${first.message}`, errors);
}
