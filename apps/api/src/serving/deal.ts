import type { Context, Json, Slice } from '#experiments';
import type { Action, CompiledPolicy, DecisionRequest } from '#policies';
import type { Withhold } from '../persistence/withhold.js';
import { LEAST_PROPENSITY, draw, retrieve } from './choice.js';
import type { Choice, SlateEntry } from './choice.js';
import { hardLimits, onlyOpen } from './hard-limits.js';
import type { ServingPolicy } from './serving-policy.js';
import { withholdLot, withholds } from './withhold.js';
import type { LotParts, WithholdLot } from './withhold.js';

/** A place of a slate, as it is recorded: what was chosen for it, and the lot that it drew. */
export interface PlacedEntry {
  readonly id: string;
  /** Given the entries before it. */
  readonly propensity: number;
  /** Probability of the lot that was drawn; absent where none was. */
  readonly lot?: number;
  /** The entry was not shown: `instead` stood in its place. Absent where it was. */
  readonly withheld?: true;
  readonly instead?: string;
}

/** A slate after its lots. */
export interface DealtSlate {
  /** What the policy chose, with the lots: what is recorded. */
  readonly chosen: readonly PlacedEntry[];
  /** What is shown. */
  readonly shown: readonly { readonly id: string; readonly propensity: number; readonly substitute?: true }[];
  /** Of all lots together; null where none was drawn. */
  readonly lot: WithholdLot | null;
}

/** Entries that are drawn beyond a slate, to stand in for what is withheld: as good as never too few. */
export const reserveOf = ({ share }: Withhold, length: number): number =>
  Math.min(length, Math.ceil(4 * share * length) + 4);

/**
 * Draws the lots of a slate. The others keep their places: what is withheld is replaced by the next of the policy's own
 * order that is not withheld itself, so the comparison of a place with and without its entry is not one of two
 * differently shifted lists. Once no stand-in is left, entries below draw no lot; whether one is left depends on the lots of
 * others alone, so each lot that is drawn is still independent of everything that happens to its entry.
 * @param drawn the policy's order, longer than the slate by the reserve.
 * @param lotOf the lot of an item.
 */
export function dealSlate(
  drawn: readonly PlacedEntry[],
  length: number,
  lotOf: (id: string) => WithholdLot,
): DealtSlate {
  const reserve = drawn.slice(length).filter(({ id }) => !lotOf(id).withheld);
  const chosen: PlacedEntry[] = [];
  const shown: DealtSlate['shown'][number][] = [];
  let lots = 0;
  let withheld = false;
  let joint = 1;
  for (const { id, propensity } of drawn.slice(0, length)) {
    const instead = reserve[0];
    if (!instead) {
      chosen.push({ id, propensity });
      shown.push({ id, propensity });
      continue;
    }
    const own = lotOf(id);
    lots += 1;
    withheld ||= own.withheld;
    joint *= own.propensity;
    if (own.withheld) {
      reserve.shift();
      chosen.push({ id, propensity, lot: own.propensity, withheld: true, instead: instead.id });
      shown.push({ id: instead.id, propensity: instead.propensity, substitute: true });
    } else {
      chosen.push({ id, propensity, lot: own.propensity });
      shown.push({ id, propensity });
    }
  }
  return { chosen, shown, lot: lots === 0 ? null : { withheld, propensity: joint } };
}

interface Dealing {
  readonly kind: 'action' | 'slate';
  readonly slice: Slice | undefined;
  /** Length of a slate. */
  readonly limit: number;
  readonly seed: string;
  /** What the lot of an action is drawn from. */
  readonly partsOf: (action: string) => LotParts;
}

/**
 * The policy's choice, and the lots that say what of it is shown.
 * @throws as `draw`.
 */
export function drawAndDeal(
  policy: ServingPolicy & { readonly compiled: CompiledPolicy },
  request: DecisionRequest,
  { kind, slice, limit, seed, partsOf }: Dealing,
): Pick<Choice, 'chosen' | 'propensity' | 'probabilities' | 'lot' | 'shown'> {
  const { withhold } = policy.config;
  if (!withholds(withhold, kind, slice)) {
    const { chosen, propensity, probabilities } = draw(policy, kind, request, limit, seed);
    return { chosen, propensity, probabilities, lot: null, shown: null };
  }
  const lotOf = (action: string): WithholdLot => withholdLot(withhold, partsOf(action));
  if (kind === 'action') {
    const { chosen, propensity, probabilities } = draw(policy, kind, request, limit, seed);
    // What sends nothing can't be withheld.
    const lot = chosen === policy.compiled.silent ? null : lotOf(chosen as string);
    return { chosen, propensity, probabilities, lot, shown: null };
  }
  const length = Math.min(limit, request.actions.length);
  const drawn = draw(policy, kind, request, length + reserveOf(withhold, length), seed);
  const { chosen, shown, lot } = dealSlate(drawn.chosen as unknown as SlateEntry[], length, lotOf);
  const propensity = chosen.reduce((joint, entry) => joint * entry.propensity, 1);
  return {
    chosen: chosen as unknown as Json,
    propensity: Math.max(propensity, LEAST_PROPENSITY),
    probabilities: null,
    lot,
    shown: lot?.withheld ? (shown as unknown as Json) : null,
  };
}

/** Null: nothing is to be shown. */
export const actionShown = ({ chosen, lot }: Choice): string | null =>
  lot?.withheld ? null : (chosen as string | null);

export const withheldMark = ({ lot }: Choice): true | undefined => (lot?.withheld ? true : undefined);

/** Without lots: those are of the record, not of the answer. */
export function slateShown({ chosen, shown, lot }: Choice): readonly SlateEntry[] {
  if (shown !== null) return shown as unknown as readonly SlateEntry[];
  const entries = chosen as unknown as readonly SlateEntry[];
  return lot === null ? entries : entries.map(({ id, propensity }) => ({ id, propensity }));
}

/**
 * As drawAndDeal, from what the policy finds worth ranking. Where that is nothing, an empty list or no action is what it
 * decides, for certain.
 * @param dealing `named`: the client named the candidates, then all of them are ranked. `open`: see hardLimits.
 */
export function findAndDeal(
  policy: ServingPolicy & { readonly compiled: CompiledPolicy },
  request: DecisionRequest,
  dealing: Dealing & { readonly named: boolean; readonly open: Uint8Array | null },
): Pick<Choice, 'chosen' | 'propensity' | 'probabilities' | 'lot' | 'shown' | 'retrieved'> {
  const found = dealing.named ? null : retrieve(policy, request, dealing.open);
  const retrieved = found ?? onlyOpen(request.actions, dealing.open);
  if (retrieved === null) return drawAndDeal(policy, request, dealing);
  if (retrieved.length > 0)
    return { ...drawAndDeal(policy, { ...request, actions: retrieved }, dealing), retrieved };
  const chosen = dealing.kind === 'slate' ? [] : null;
  return { chosen, propensity: 1, probabilities: null, lot: null, shown: null, retrieved };
}

/** What a policy ranks of the registered candidates, as findAndDeal has it. @param said all that the client said. */
export function rankedOf(policy: ServingPolicy, request: DecisionRequest, said: Context): readonly Action[] {
  const { open } = hardLimits(said, request.context, request, policy.config.params);
  return retrieve(policy, request, open) ?? onlyOpen(request.actions, open) ?? request.actions;
}
