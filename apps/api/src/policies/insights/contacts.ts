import type { Context } from '#experiments';
import { contactOf, wrapperRegistry } from '#policies';
import type { ContactRules, ContactStatus } from '#policies';
import { Problem } from '../../http/problem.js';
import type { Sql } from '../../persistence/database.js';
import type { PolicyRow } from '../policy-row.js';

const RULES = 'contact-rules';
/** Decisions that are looked at one by one; of more, the newest. */
const MOST_DECISIONS = 50_000;

/** What became of the moments at which a message might have been sent. */
export type MessageFate = 'sent' | 'withheld' | 'not-worth' | 'failed' | Exclude<ContactStatus, 'open'>;

export interface ContactsView {
  readonly decisions: number;
  /** There are more than are counted here: the newest are. */
  readonly cut: boolean;
  /** By what became of them; their sum is `decisions`. */
  readonly fates: readonly {
    readonly fate: MessageFate;
    readonly decisions: number;
    readonly units: number;
  }[];
  /** By message: sent, and of those opened. */
  readonly messages: readonly {
    readonly id: string;
    readonly title: string | null;
    readonly sent: number;
    readonly opened: number;
    readonly withheld: number;
  }[];
  /** Messages of the unit that was sent most. */
  readonly mostPerUnit: number;
}

interface Row {
  readonly unit_id: string;
  readonly at: Date;
  readonly chosen: string | null;
  readonly context: Context;
  readonly withheld: boolean | null;
  readonly failed: boolean;
  readonly opened: boolean;
}

const OPENED = 'notification_opened';
type Rules = ContactRules & { readonly silent: string };

const ORDER: readonly MessageFate[] = [
  'sent',
  'withheld',
  'not-worth',
  'capped',
  'quiet',
  'later',
  'declined',
  'failed',
];

const READ = `
select d.unit_id, d.at, d.chosen #>> '{}' as chosen, d.context, d.withheld, d.fallback is not null as failed,
  exists (select from event e where e.decision_id = d.id and e.kind = 'outcome' and e.name = '${OPENED}'
    and e.at >= d.at - interval '1 day') as opened
from (select * from decision where policy_id = $1 and at >= $2 and kind = 'action' order by at desc limit $3) d`;

interface Counted {
  decisions: number;
  readonly units: Set<string>;
}

/**
 * How many messages a policy sent, and what kept the others: its own judgement, or its rules about consent, caps and
 * hours. The rules are those of now, applied to the contexts that the decisions were made with.
 * @throws Problem 400 for a policy without such rules.
 */
export async function contactsOf(sql: Sql, policy: PolicyRow, since: Date): Promise<ContactsView> {
  const worn = (policy.params['wrappers'] ?? []) as unknown as readonly { key: string; params?: unknown }[];
  const rule = worn.find(({ key }) => key === RULES);
  if (!rule)
    throw Problem.invalid('/id', 'sends_nothing', `the policy "${policy.id}" does not wear "${RULES}"`);
  const rules = wrapperRegistry.get(RULES).params.parse(rule.params) as Rules;
  const rows = await sql.query<Row & Record<string, unknown>>(READ, [policy.id, since, MOST_DECISIONS + 1]);
  const { fates, messages, mostPerUnit } = counted(rows.slice(0, MOST_DECISIONS), rules);
  const titles = await titlesOf(sql, [...messages.keys()]);
  return {
    decisions: Math.min(rows.length, MOST_DECISIONS),
    cut: rows.length > MOST_DECISIONS,
    fates: ORDER.map((fate) => {
      const own = fates.get(fate);
      return { fate, decisions: own?.decisions ?? 0, units: own?.units.size ?? 0 };
    }),
    messages: [...messages]
      .map(([id, counts]) => ({ id, title: titles.get(id) ?? null, ...counts }))
      .sort((a, b) => b.sent - a.sent || (a.id < b.id ? -1 : 1)),
    mostPerUnit,
  };
}

function counted(rows: readonly Row[], rules: Rules) {
  const fates = new Map<MessageFate, Counted>();
  const messages = new Map<string, { sent: number; opened: number; withheld: number }>();
  const perUnit = new Map<string, number>();
  for (const row of rows) {
    const fate = fateOf(row, rules);
    const own = fates.get(fate) ?? { decisions: 0, units: new Set() };
    fates.set(fate, own);
    own.decisions++;
    own.units.add(row.unit_id);
    if (fate !== 'sent' && fate !== 'withheld') continue;
    const message = messages.get(row.chosen ?? '') ?? { sent: 0, opened: 0, withheld: 0 };
    messages.set(row.chosen ?? '', message);
    message[fate]++;
    if (fate === 'withheld') continue;
    if (row.opened) message.opened++;
    perUnit.set(row.unit_id, (perUnit.get(row.unit_id) ?? 0) + 1);
  }
  const mostPerUnit = [...perUnit.values()].reduce((most, sent) => Math.max(most, sent), 0);
  return { fates, messages, mostPerUnit };
}

function fateOf({ at, chosen, context, failed, withheld }: Row, rules: Rules): MessageFate {
  if (withheld === true) return 'withheld';
  if (chosen !== null && chosen !== rules.silent) return 'sent';
  const { status } = contactOf(context, at.getTime(), rules);
  if (status !== 'open') return status;
  return failed ? 'failed' : 'not-worth';
}

async function titlesOf(sql: Sql, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await sql.query<{ id: string; title: string }>(
    'select id, title from item where id = any($1)',
    [ids],
  );
  return new Map(rows.map(({ id, title }) => [id, title]));
}
