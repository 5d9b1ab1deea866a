import type { Arm, ExperimentDesign, SurfaceKind } from '#experiments';
import { Problem } from '../http/problem.js';
import type { FieldError } from '../http/problem.js';
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
  if (kind === 'action' && typeof treatment.value !== 'string')
    return 'the value of an arm on an "action" surface is an action id';
  const isSlate = Array.isArray(treatment.value) && treatment.value.every((id) => typeof id === 'string');
  return kind === 'slate' && !isSlate
    ? 'the value of an arm on a "slate" surface is a list of item ids'
    : null;
}

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

/**
 * Everything a design names must exist and fit.
 * @throws Problem 400 `unknown_reference` with one error per field.
 */
export async function checkReferences(tx: Transaction, design: ExperimentDesign): Promise<void> {
  const [surface] = await tx.query<{ kind: SurfaceKind }>('select kind from surface where key = $1', [
    design.surface,
  ]);
  const [layer] = await tx.query('select 1 from layer where key = $1', [design.layer]);
  const catalogue = await loadMetricCatalogue(tx);
  const errors = [
    ...metricErrors(design, catalogue),
    ...(await armErrors(tx, design, surface?.kind ?? null)),
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
