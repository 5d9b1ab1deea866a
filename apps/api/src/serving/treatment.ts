import type { Context, Json, SteadyPeriod } from '#experiments';
import type { Tester } from '../http/tester-token.js';
import type { NamedAction } from './catalog-data.js';
import type { SlateEntry } from './choice.js';
import type { ServedContact } from './contact.js';
import type { ServedNextSession } from './next-session.js';

export interface TreatmentRequest {
  readonly surface: string;
  readonly subject: string | null;
  /** Null asks for the surface's registered candidates. */
  readonly actions: readonly NamedAction[] | null;
  /** Length of a slate; null for all candidates. */
  readonly limit: number | null;
  /** The decision that this one is made within: index of an earlier request of the call, or an earlier decision's id. */
  readonly parent: number | string | null;
}

export interface TreatmentsRequest {
  readonly unitId: string;
  readonly unitType: string;
  readonly context: Context;
  readonly requests: readonly TreatmentRequest[];
  /** The client shows what it gets for certain, so the decisions count as seen. */
  readonly expose: boolean;
  /** Arms that a tester asks for; see http/tester-token.ts. Absent: not a tester. */
  readonly tester?: Tester;
  /** Draws that policies make anew for every decision stay the same within this period. Absent: they do not. */
  readonly leastSteady?: SteadyPeriod;
}

/** One answer, exactly as `POST /v1/treatments` gives it. */
export interface Treatment {
  readonly decisionId: string;
  readonly surface: string;
  readonly subject?: string | undefined;
  readonly experiment: string | null;
  readonly arm: string | null;
  readonly kind: 'value' | 'action' | 'slate';
  readonly value?: Json | undefined;
  readonly action?: string | null | undefined;
  readonly slate?: readonly SlateEntry[] | undefined;
  readonly propensity: number;
  readonly policy: { readonly key: string; readonly version: number } | null;
  readonly reason: string;
  /** Whom the experiment compares, where it is not the request's unit: events that count for it are sent for this one. */
  readonly unit?: { readonly unitId: string; readonly unitType: string } | undefined;
  /** True: nothing is to be shown, and `action` is null. Else absent. */
  readonly withheld?: true | undefined;
  /** When the unit comes back, of policies that foresee it. */
  readonly nextSession?: ServedNextSession | undefined;
  /** Whether the unit may be sent something now, and when next; of policies with such rules. */
  readonly contact?: ServedContact | undefined;
}
