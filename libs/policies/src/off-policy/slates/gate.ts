import type { GateEvidence, GateParams } from '../gate.js';
import {
  actionWeightClauses,
  agreementClause,
  auditClauses,
  meanWeightClause,
  sampleClauses,
  supportClause,
  verdictOf,
  worthClauses,
} from '../gate-clauses.js';
import type { GateClause, GateVerdict, JudgedEstimate, PairedDifference } from '../gate-clauses.js';
import type { SlateDiagnostics } from './diagnostics.js';

/** Everything that the verdict on slates depends on. */
export interface SlateGateEvidence {
  readonly diagnostics: SlateDiagnostics;
  /** Mean reward of a logged slate. */
  readonly baseline: number;
  readonly estimates: readonly JudgedEstimate[];
  readonly difference: PairedDifference;
  readonly guardrails: GateEvidence['guardrails'];
  readonly audited: boolean | null | undefined;
}

/** Their agreement is a condition: the first assumes nothing of how slots act on each other, the others a cascade. */
export const SLATE_JUDGES = ['slate-ips-sn', 'rips-sn', 'cascade-dr'];

/** As judgeCandidate, for slates: the same thresholds, the weights of whole slates, and of every slot on the way. */
export function judgeSlates(
  { diagnostics, baseline, estimates, difference, guardrails, audited }: SlateGateEvidence,
  params: GateParams,
): GateVerdict {
  const { worstAction: worst } = diagnostics;
  const margin = params.relativeMargin * Math.abs(baseline);
  return verdictOf(
    [
      supportClause(diagnostics.support, NO_SUPPORT),
      meanWeightClause(diagnostics, params),
      slotWeightClause(diagnostics, params),
      ...actionWeightClauses(
        worst,
        `Action ${worst?.action ?? ''} at position ${(worst?.slot ?? 0) + 1}`,
        params,
      ),
      ...auditClauses(audited),
      ...sampleClauses(diagnostics, params),
      agreementClause(estimates, 'Slate IPS, reward-interaction IPS and cascade-DR', params),
    ],
    worthClauses(difference, guardrails, margin),
  );
}

const NO_SUPPORT =
  'The policy that logged does not give the logged propensities again and has no floor, so nobody knows what it could have served.';

/** The mean weight down to every slot: fewer factors than the whole slate, so it sees smaller errors. */
function slotWeightClause({ slots }: SlateDiagnostics, params: GateParams): GateClause {
  const off = slots.filter(
    ({ meanWeight, meanWeightZ }) => meanWeightZ !== null || Math.abs(meanWeight - 1) > 1e-9,
  );
  const worst = off.reduce<(typeof slots)[number] | null>(
    (so, one) => (so === null || size(one) > size(so) ? one : so),
    null,
  );
  const value = worst === null ? 0 : worst.meanWeightZ;
  return {
    key: 'slot-weight',
    title: 'Weights by position',
    holds: value !== null && Math.abs(value) <= params.largestActionZ,
    value,
    threshold: params.largestActionZ,
    prose:
      worst === null
        ? 'Weights do not vary.'
        : `Down to position ${worst.slot + 1} weights are furthest from mean 1: ${Number(worst.meanWeight.toPrecision(4))}, ${value === null ? 'for certain' : `${Number(value.toPrecision(4))} standard errors`}.`,
  };
}

const size = ({ meanWeightZ }: { readonly meanWeightZ: number | null }): number =>
  meanWeightZ === null ? Infinity : Math.abs(meanWeightZ);
