import { field, optional } from './event-lines.js';
import type { DecisionRecord } from './jobs.js';

/** Columns of encodeDecision's lines. */
export const DECISION_COLUMNS =
  'id, at, unit_id, unit_type, surface, subject, experiment, arm, phase, kind, chosen, propensity, arm_propensity, ' +
  'policy_id, policy_version, candidates, probabilities, context, features, seed, reason, fallback, holdout, exposed, ' +
  'latency_micros';

const NULL = '\\N';

/** A PostgreSQL array of texts; written here because the driver's own encoder is several times slower. */
export const arrayLiteral = (texts: readonly string[]): string =>
  `{${texts.map((text) => `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`).join(',')}}`;

const json = (value: unknown): string => field(JSON.stringify(value));

/** One decision as one line of COPY's text format, ended by a newline. Texts must not contain U+0000. */
export function encodeDecision(record: DecisionRecord): string {
  return (
    `${field(record.id)}\t${new Date(record.at).toISOString()}\t${field(record.unitId)}\t${field(record.unitType)}\t` +
    `${field(record.surface)}\t${optional(record.subject)}\t${optional(record.experiment)}\t${optional(record.arm)}\t` +
    `${record.phase ?? NULL}\t${record.kind}\t${json(record.chosen)}\t${record.propensity}\t${record.armPropensity}\t` +
    `${optional(record.policyId)}\t${record.policyVersion ?? NULL}\t${field(arrayLiteral(record.candidates))}\t` +
    `${record.probabilities === null ? NULL : `{${record.probabilities.join(',')}}`}\t${json(record.context)}\t` +
    `${record.features ? json(record.features) : NULL}\t${field(record.seed)}\t${record.reason}\t` +
    `${optional(record.fallback)}\t${optional(record.holdout)}\t${record.exposed}\t${record.latencyMicros}\n`
  );
}
