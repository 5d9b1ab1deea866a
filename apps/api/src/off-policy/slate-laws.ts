import { hasFewSubsets, marginalPropensity, pseudoInverseWeights, slateRule } from '#policies';
import type { DecisionRequest, LoggedSlates, SlotRule } from '#policies';
import { Problem } from '../http/problem.js';
import type { Sql } from '../persistence/database.js';
import { PolicySource } from '../replays/policy-source.js';
import type { StoredPolicy } from '../replays/policy-source.js';
import type { Answering } from '../serving/answering.js';

export interface ServedSlateRow {
  readonly policy_version: number | null;
  readonly slice: 'exploration' | 'analysis' | null;
}

/** A recomputed propensity counts as the logged one within this share of it. */
const TOLERANCE = 1e-9;
/** Time that each quantity may take over all slates; together well below the minute after which a connection is closed. */
const MOST_MS = { repeated: 15_000, slotWeight: 10_000, pseudoWeight: 10_000 };
const MOST_ORDERS = 5_000;
const MOST_PAIRS = 64;

/** Something could not be worked out. */
interface Missing {
  readonly missing: string;
}

/** Something that is of use only when it is known for every slate; the first slate without it ends the attempt. */
class Whole {
  /** Why it is not known; null while it is. */
  missing: string | null = null;
  private spent = 0;

  constructor(
    private readonly most: number,
    private readonly clock: () => number,
  ) {}

  /** @param run returns what was asked for, or says why it cannot. */
  attempt<T>(run: () => T | Missing): T | null {
    if (this.missing !== null) return null;
    const begun = this.clock();
    const found = attempted(run);
    if (isMissing(found)) {
      this.missing = found.missing;
      return null;
    }
    this.spend(this.clock() - begun);
    return found;
  }

  spend(ms: number): void {
    this.spent += ms;
    if (this.spent > this.most)
      this.missing ??= `This takes longer than ${this.most / 1000} seconds on this log; evaluate fewer rows.`;
  }
}

const hasWrappers = ({ wrappers }: Readonly<Record<string, unknown>>): boolean =>
  Array.isArray(wrappers) && wrappers.length > 0;

const isMissing = <T>(found: T | Missing): found is Missing =>
  found !== null && typeof found === 'object' && 'missing' in found;

function attempted<T>(run: () => T | Missing): T | Missing {
  try {
    return run();
  } catch (error) {
    // A candidate that cannot answer is refused; the policy that logged is only not asked any more.
    if (error instanceof Problem) throw error;
    return { missing: `It could not be worked out: ${(error as Error).message}` };
  }
}

/** What of one slate follows from asking the policy that logged it again. */
export interface SlateRatios {
  readonly slotWeight: readonly number[] | null;
  readonly pseudoWeight: number | null;
}

/**
 * Asks the policy that logged a slate again: only then is it known with which probability it serves what it did not
 * serve. A policy whose settings have changed since gives other propensities than the logged ones and is not believed.
 */
export class SlateLaws {
  private readonly source: PolicySource;
  private readonly repeated: Whole;
  private readonly slotted: Whole;
  private readonly pseudo: Whole;
  private readonly versions = new Map<string, Promise<Answering>>();
  private violations = 0;
  private lost = 0;
  private slates = 0;
  private floorHolds = true;
  private readonly keepsFloor: boolean;

  constructor(
    sql: Sql,
    private readonly stored: StoredPolicy | null,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.source = new PolicySource(sql);
    this.repeated = new Whole(MOST_MS.repeated, clock);
    this.slotted = new Whole(MOST_MS.slotWeight, clock);
    this.pseudo = new Whole(MOST_MS.pseudoWeight, clock);
    // A wrapper may give an action no chance at all, e.g. one that is retired, whatever the floor is.
    this.keepsFloor =
      stored !== null &&
      stored.config.floor > 0 &&
      !hasWrappers(stored.config.params as Record<string, unknown>);
    if (stored === null) this.repeated.missing = 'The policy that logged does not exist any more.';
  }

  /**
   * @param order places of the served actions. @param propensities of each, given the ones above.
   * @param target the candidate's distributions along the served slate.
   */
  async look(
    row: ServedSlateRow,
    request: DecisionRequest,
    { order, propensities, target }: Along,
    candidate: SlotRule,
  ): Promise<SlateRatios> {
    this.slates++;
    this.checkFloor(propensities, request.actions.length);
    const answers = this.repeated.missing === null ? await this.answersFor(row) : null;
    const logged =
      answers && this.repeated.attempt(() => this.repeat(answers, request, { order, propensities, target }));
    if (!logged) return { slotWeight: null, pseudoWeight: null };
    return {
      slotWeight: this.slotted.attempt(() => slotWeights(logged, candidate, request.actions.length, order)),
      pseudoWeight: this.pseudo.attempt(() => pseudoWeight(logged, candidate, request.actions.length, order)),
    };
  }

  /** What the log could have served besides what it did. */
  get support(): LoggedSlates['support'] {
    const hasFloor = this.stored !== null && this.keepsFloor && this.floorHolds;
    const kind = this.repeated.missing === null ? 'repeated' : hasFloor ? 'floor' : 'unknown';
    return {
      kind,
      violations: this.violations,
      unsupportedMass: this.slates === 0 ? 0 : this.lost / this.slates,
    };
  }

  /** Why estimators lack what they need. */
  get missing(): { slotWeight?: string; pseudoWeight?: string } {
    const slotWeight = this.repeated.missing ?? this.slotted.missing;
    const pseudoWeight = this.repeated.missing ?? this.pseudo.missing;
    return {
      ...(slotWeight === null ? {} : { slotWeight }),
      ...(pseudoWeight === null ? {} : { pseudoWeight }),
    };
  }

  private checkFloor(propensities: readonly number[], count: number): void {
    const floor = this.stored?.config.floor ?? 0;
    this.floorHolds &&= propensities.every((p, k) => p >= Math.min(floor, 1 / (count - k)) * (1 - TOLERANCE));
  }

  private async answersFor({ policy_version: version, slice }: ServedSlateRow): Promise<Answering | null> {
    const key = `${version} ${slice ?? ''}`;
    let found = this.versions.get(key);
    if (!found) {
      // Versions come in the order of time, so that an older one is not needed again.
      if (this.versions.size >= 4) this.versions.clear();
      found = this.source.at(this.stored as StoredPolicy, version ?? 0, { slice });
      this.versions.set(key, found);
    }
    const begun = this.clock();
    try {
      const answers = await found;
      this.repeated.spend(this.clock() - begun);
      return answers;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.repeated.missing = `The policy that logged cannot be asked again: ${error.detail}`;
      return null;
    }
  }

  private repeat(
    { policy }: Answering,
    request: DecisionRequest,
    { order, propensities, target }: Along,
  ): SlotRule | Missing {
    const law = slateRule(policy.compiled, request, policy.exploration, policy.config.floor);
    const taken = new Uint8Array(request.actions.length);
    const p = new Float64Array(taken.length);
    let [so, lost] = [1, 0];
    for (const [k, index] of order.entries()) {
      law(taken, p, k);
      const logged = propensities[k] as number;
      if (!(Math.abs((p[index] as number) - logged) <= TOLERANCE * logged)) return { missing: CHANGED };
      const own = target[k] as Float64Array;
      for (let a = 0; a < p.length; a++) if (p[a] === 0) lost += so * (own[a] as number);
      so *= (own[index] as number) / logged;
      taken[index] = 1;
    }
    if (lost > 0) this.violations++;
    this.lost += lost;
    return law;
  }
}

/** A served slate, and the candidate's distributions along it. */
interface Along {
  readonly order: readonly number[];
  readonly propensities: readonly number[];
  readonly target: readonly Float64Array[];
}

const CHANGED =
  'Asked again, the policy that logged gives other propensities: its settings, or registered features, have changed since. Take a later range.';

function slotWeights(
  logged: SlotRule,
  candidate: SlotRule,
  count: number,
  order: readonly number[],
): number[] | Missing {
  if (!hasFewSubsets(count, order.length))
    return { missing: `${count} actions in ${order.length} positions have too many orders to add up.` };
  const slots = (law: SlotRule): readonly Float64Array[] =>
    marginalPropensity(law, count, order.length).bySlot;
  const [below, above] = [slots(logged), slots(candidate)];
  return order.map((index, k) => (above[k]?.[index] ?? 0) / (below[k]?.[index] as number));
}

function pseudoWeight(
  logged: SlotRule,
  candidate: SlotRule,
  count: number,
  order: readonly number[],
): number | Missing {
  let orders = 1;
  for (let k = 0; k < order.length; k++) orders *= count - k;
  if (orders > MOST_ORDERS || count * order.length > MOST_PAIRS)
    return { missing: `${count} actions in ${order.length} positions are too many for the pseudo-inverse.` };
  const weights = pseudoInverseWeights(logged, candidate, count, order.length);
  return order.reduce((sum, index, k) => sum + (weights[k * count + index] as number), 0);
}
