import type { ExperimentDesign, Json } from '#experiments';
import { Problem } from '../http/problem.js';
import { pinSegments } from '../persistence/audience-references.js';
import { canonicalJson, sha256 } from '../persistence/canonical.js';
import type { Sql } from '../persistence/database.js';

/** Key of the setting in table `setting`: `{"required": boolean}`. */
export const APPROVAL_SETTING = 'approval';

export interface Approval {
  /** Hash of the design that was asked for. */
  readonly design: string;
  readonly askedBy: string;
  readonly askedAt: Date;
  readonly comment: string;
  readonly decision: 'approve' | 'reject' | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly answer: string;
}

/**
 * What an approval is of: everything that decides who gets what, and how it is judged. Its place in a layer comes later.
 * Segments count at the version that a start would pin: a start date pins them, and must not undo the approval by that.
 */
export async function designHash(sql: Sql, experiment: ExperimentDesign): Promise<string> {
  const { hypothesis, surface, unitType, layer, traffic, arms, salt, ...rest } = experiment;
  const targeting = await pinSegments(sql, experiment.targeting);
  const { clusterBy = null, switchback = null, prerequisites = [] } = rest;
  const { decisionMetric, secondaryMetrics, guardrailMetrics, minimumDays, plannedUnits } = rest;
  const layers = (rest.otherLayers ?? []).map((membership) => membership.layer);
  const measured = { decisionMetric, secondaryMetrics, guardrailMetrics, minimumDays, plannedUnits };
  const design = {
    hypothesis,
    surface,
    unitType,
    layer,
    layers,
    traffic,
    targeting,
    arms,
    salt,
    clusterBy,
    switchback,
    prerequisites,
    ...measured,
  };
  return sha256(canonicalJson(JSON.parse(JSON.stringify(design)) as Json));
}

export async function approvalRequired(db: Sql): Promise<boolean> {
  const [row] = await db.query<{ value: { required?: boolean } }>(
    'select value from setting where key = $1',
    [APPROVAL_SETTING],
  );
  return row?.value.required === true;
}

/** The newest request of an experiment. */
export async function readApproval(db: Sql, experiment: string): Promise<Approval | null> {
  const [row] = await db.query<Approval & Record<string, unknown>>(
    `select design, asked_by as "askedBy", asked_at as "askedAt", comment, decision, decided_by as "decidedBy",
            decided_at as "decidedAt", answer
       from experiment_approval where experiment = $1 order by id desc limit 1`,
    [experiment],
  );
  return row ?? null;
}

/** @throws Problem 409 `approval_needed` where the project asks for a second person and none approved this design. */
export async function requireApproval(tx: Sql, experiment: ExperimentDesign): Promise<void> {
  if (!(await approvalRequired(tx))) return;
  const approval = await readApproval(tx, experiment.key);
  if (approval?.decision === 'approve' && approval.design === (await designHash(tx, experiment))) return;
  const why =
    approval?.decision !== 'approve' ? 'nobody has approved it' : 'it was changed since it was approved';
  throw Problem.conflict(
    'approval_needed',
    `"${experiment.key}" cannot start yet: this project asks a second person to approve a start, and ${why}`,
  );
}
