import type { Context } from '#experiments';
import type { Action, ShownList } from '#policies';
import type { Transaction } from '../persistence/database.js';
import { contextSql, titleFeatures } from '../persistence/feature-rules.js';
import type { FeatureRules } from '../persistence/feature-rules.js';
import { ITEM_FEATURES_AT } from '../persistence/item-past.js';
import { worthOf } from './reward.js';
import type { RewardDefinition } from './reward.js';

/** Lists that are read at most: the newest. */
const MOST_LISTS = 50_000;
const FETCH = 5_000;

interface Entry {
  readonly id: string;
  readonly propensity: number;
  /** Where the entry was withheld: what stood in its place. */
  readonly instead?: string;
}

interface ListRow extends Record<string, unknown> {
  readonly unit_id: string;
  readonly context: Context;
  readonly at: Date;
  readonly chosen: readonly Entry[];
  readonly outcomes: readonly (readonly [item: string | null, name: string, value: number | null])[] | null;
}

/**
 * Shown lists that answer a question, whoever ranked them, with what counting outcomes that name the decision were worth:
 * per item, and of an outcome that names none of the items nothing. Fallbacks and lists without an item are part of it: a
 * search that found nothing has failed.
 * @param attribute of the context, which holds the question.
 * @param cutAt lists and outcomes before this time.
 */
export async function readLists(
  tx: Transaction,
  definition: RewardDefinition,
  cutAt: Date,
  attribute: string,
  rules: FeatureRules,
): Promise<ShownList[]> {
  await tx.query(
    `declare training_lists no scroll cursor for
     with list as (
       select id, unit_id, ${contextSql(rules, 'decision')} as context, at, chosen from decision
        where kind = 'slate' and context ? $1 and at < $2 and jsonb_typeof(chosen) = 'array'
        order by at desc, id desc limit ${MOST_LISTS})
     select l.unit_id, l.context, l.at, l.chosen,
            (select jsonb_agg(jsonb_build_array(coalesce(e.item_id, e.action_id), e.name, e.value) order by e.at, e.id)
               from event e
              where e.decision_id = l.id and e.unit_id = l.unit_id and e.kind = 'outcome' and e.name = any($3)
                and e.at >= l.at and e.at < $2) as outcomes
       from list l order by l.at, l.id`,
    [attribute, cutAt, [...new Set(definition.outcomes.map(({ name }) => name))]],
  );
  const lists: ShownList[] = [];
  for (;;) {
    const rows = await tx.query<ListRow>(`fetch ${FETCH} from training_lists`);
    for (const row of rows) lists.push(listOf(row, definition));
    if (rows.length < FETCH) break;
  }
  await tx.query('close training_lists');
  return lists;
}

/** As it was shown. How likely a stand-in was there is not recorded: like what is certain, it says nothing about places. */
const shownAs = ({ id, propensity, instead }: Entry): Entry =>
  instead === undefined ? { id, propensity } : { id: instead, propensity: 1 };

function listOf(row: ListRow, definition: RewardDefinition): ShownList {
  const { unit_id, context, at, outcomes } = row;
  const chosen = row.chosen.map(shownAs);
  const place = new Map(chosen.map(({ id }, i) => [id, i]));
  const earned = new Float64Array(chosen.length);
  for (const [item, name, value] of outcomes ?? []) {
    const i = item === null ? undefined : place.get(item);
    const worth = worthOf(definition, name, value);
    if (i !== undefined && worth !== null && worth > (earned[i] as number)) earned[i] = worth;
  }
  return {
    unitId: unit_id,
    context,
    at: at.getTime(),
    items: chosen.map(({ id }) => id),
    propensities: Float64Array.from(chosen, ({ propensity }) => propensity),
    earned,
  };
}

/** Everything of a kind that can be shown, in the order in which it is offered, with what was known of it at the cut. */
export async function readCatalogue(
  tx: Transaction,
  kind: string,
  cutAt: Date,
  rules: FeatureRules,
): Promise<Action[]> {
  const rows = await tx.query<{ id: string; title: string; features: Context } & Record<string, unknown>>(
    `select id, title, ${ITEM_FEATURES_AT('$2')} as features from item i
      where kind = $1 and available order by position, id`,
    [kind, cutAt],
  );
  return rows.map((row) => ({ ...row, features: titleFeatures(rules, row.features) }));
}
