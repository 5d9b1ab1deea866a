import type { Json } from '#experiments';
import { policyRegistry } from '#policies';
import type { EditorialParams } from '#policies';
import type { Acting } from '../../http/acting.js';
import { Problem } from '../../http/problem.js';
import type { Database, Sql, Transaction } from '../../persistence/database.js';
import { below } from '../check-setup.js';
import { change } from '../policies.service.js';
import type { PolicyView } from '../policy.mapper.js';
import { policyRowOf } from '../policy-row.js';
import type { PolicyRow } from '../policy-row.js';

const KEY = 'pins';

/** What a person asks for: a title at a place (`position`), or lifted by (`by`). */
export interface Pin {
  readonly id: string;
  readonly position?: number | undefined;
  readonly by?: number | undefined;
  readonly until: string;
  readonly reason?: string | undefined;
}

export interface PinView extends Pin {
  /** Whether it counts now; an expired one goes with the next change. */
  readonly active: boolean;
}

interface Worn {
  readonly key: string;
  readonly params?: Json;
}

const wornOf = ({ params }: PolicyRow): readonly Worn[] => (params['wrappers'] ?? []) as unknown as Worn[];

function editorialOf(row: PolicyRow): EditorialParams {
  const given = (wornOf(row).find(({ key }) => key === KEY)?.params ??
    {}) as unknown as Partial<EditorialParams>;
  return { pins: given.pins ?? [], boosts: given.boosts ?? [] };
}

/** Pins and boosts of a policy, those that end first at the top. */
export async function listPins(sql: Sql, id: string, now: Date): Promise<{ items: PinView[] }> {
  const { boosts, pins } = editorialOf(await policyRowOf(sql, id));
  const items = [...pins, ...boosts].map((one): PinView => ({
    ...one,
    active: Date.parse(one.until) > now.getTime(),
  }));
  return { items: items.sort((a, b) => Date.parse(a.until) - Date.parse(b.until)) };
}

/** Puts a title at a place or lifts it, in place of what was said about it before. */
export function putPin(db: Database, id: string, pin: Pin, acting: Acting, now: Date): Promise<PolicyView> {
  if ((pin.position === undefined) === (pin.by === undefined))
    throw Problem.invalid('/position', 'invalid', 'give a position to pin to, or `by` to boost: one of them');
  if (Date.parse(pin.until) <= now.getTime())
    throw Problem.invalid('/until', 'invalid', 'is over already; give a time to come');
  return change(db, id, acting, 'pin', async (tx, row) => {
    const { boosts, pins } = without(editorialOf(row), pin.id, now);
    const { by, id: title, position, reason, until } = pin;
    const entry = { id: title, until, ...(reason === undefined ? {} : { reason }) };
    const taken = pins.find((one) => one.position === position);
    if (taken)
      throw Problem.conflict(
        'place_taken',
        `"${taken.id}" is pinned to place ${position} until ${taken.until}`,
      );
    await write(tx, row, {
      pins: position === undefined ? pins : [...pins, { ...entry, position }],
      boosts: by === undefined ? boosts : [...boosts, { ...entry, by }],
    });
  });
}

/** Ends what was said about a title. @throws Problem 404 where nothing was. */
export function removePin(
  db: Database,
  id: string,
  title: string,
  acting: Acting,
  now: Date,
): Promise<PolicyView> {
  return change(db, id, acting, 'unpin', async (tx, row) => {
    const { boosts, pins } = editorialOf(row);
    if (![...pins, ...boosts].some((one) => one.id === title)) throw Problem.notFound('The pin of', title);
    await write(tx, row, without({ boosts, pins }, title, now));
  });
}

/** Without the title and whatever is over. */
function without({ boosts, pins }: EditorialParams, title: string, now: Date): EditorialParams {
  const stays = (one: { id: string; until: string }): boolean =>
    one.id !== title && Date.parse(one.until) > now.getTime();
  return { pins: pins.filter(stays), boosts: boosts.filter(stays) };
}

/** Outermost, so that nothing moves what people have placed. */
async function write(tx: Transaction, row: PolicyRow, editorial: EditorialParams): Promise<void> {
  const others = wornOf(row).filter(({ key }) => key !== KEY);
  const isEmpty = editorial.pins.length === 0 && editorial.boosts.length === 0;
  const wrappers = isEmpty ? others : [...others, { key: KEY, params: editorial }];
  const { wrappers: _before, ...own } = row.params;
  const params = wrappers.length === 0 ? own : { ...own, wrappers };
  const policy = policyRegistry.get(row.key);
  below('/params', () => {
    const parsed = policy.params.parse(params);
    if (policy.learns === 'online') policy.compile(policy.initialState(parsed), parsed);
    if (policy.learns === 'never') policy.compile(null, parsed);
  });
  await tx.query(
    `update policy set params = $2::jsonb, revision = revision + 1, updated_at = now() where id = $1`,
    [row.id, JSON.stringify(params)],
  );
}
