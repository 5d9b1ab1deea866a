import { Inject, Injectable } from '@nestjs/common';
import type { Json } from '#experiments';
import { writeAudit } from '../access/audit.js';
import { allows } from '../access/keys.js';
import type { Caller } from '../access/keys.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql, Transaction } from '../persistence/database.js';
import { viewIdField } from './views.schemas.js';
import type { CreateView, PatchView } from './views.schemas.js';

/** A filter and order of the list under a name. */
export interface View {
  readonly id: string;
  readonly name: string;
  readonly shared: boolean;
  readonly isDefault: boolean;
  readonly query: CreateView['query'];
  readonly createdBy: string;
  readonly updatedAt: Date;
}

const COLUMNS = `id::text as id, name, owner_key is null as shared, is_default as "isDefault", query,
  created_by as "createdBy", updated_at as "updatedAt"`;
/** A project's list of views is looked through by people. */
const MOST_VIEWS = 200;

/** Saved views of the list of experiments: shared ones, which admins keep, and those of the calling key. */
@Injectable()
export class ViewsService {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** Shared ones first, by name. */
  async list({ keyId }: Caller): Promise<View[]> {
    return this.db.query<View & Record<string, unknown>>(
      `select ${COLUMNS} from experiment_view where owner_key is null or owner_key = $1
        order by owner_key nulls first, lower(name)`,
      [keyId],
    );
  }

  /** @throws Problem 403 for a shared one without the role admin, 409 `already_exists` and `too_many`. */
  async create(body: CreateView, caller: Caller, acting: Acting): Promise<View> {
    return this.db.transaction(async (tx) => {
      await inTurn(tx);
      const owner = ownerOf(body.shared, caller);
      const [{ count } = { count: 0 }] = await tx.query<{ count: number }>(
        'select count(*)::int as count from experiment_view where owner_key is not distinct from $1',
        [owner],
      );
      if (count >= MOST_VIEWS)
        throw Problem.conflict('too_many', `There are ${MOST_VIEWS} views already: delete one first`);
      await this.refuseTaken(tx, body.name, owner, null);
      if (body.isDefault) await clearDefault(tx, owner);
      const [row] = await tx.query<View & Record<string, unknown>>(
        `insert into experiment_view (name, owner_key, query, is_default, created_by)
         values ($1, $2, $3::jsonb, $4, $5) returning ${COLUMNS}`,
        [body.name, owner, JSON.stringify(body.query), body.isDefault, acting.actor],
      );
      return record(tx, acting, 'create', null, row as View);
    });
  }

  /** @throws Problem 403, 404, 409 `already_exists`. */
  async patch(id: string, body: PatchView, caller: Caller, acting: Acting): Promise<View> {
    return this.db.transaction(async (tx) => {
      await inTurn(tx);
      const before = await this.own(tx, id, caller);
      const next = {
        name: body.name ?? before.name,
        query: body.query ?? before.query,
        shared: body.shared ?? before.shared,
        isDefault: body.isDefault ?? before.isDefault,
      };
      const owner = ownerOf(next.shared, caller);
      await this.refuseTaken(tx, next.name, owner, id);
      if (next.isDefault) await clearDefault(tx, owner);
      const [after] = await tx.query<View & Record<string, unknown>>(
        `update experiment_view set name = $2, owner_key = $3, query = $4::jsonb, is_default = $5, updated_at = now()
          where id = $1 returning ${COLUMNS}`,
        [id, next.name, owner, JSON.stringify(next.query), next.isDefault],
      );
      return record(tx, acting, 'change', before, after as View);
    });
  }

  /** @throws Problem 403, 404. */
  async remove(id: string, caller: Caller, acting: Acting): Promise<void> {
    await this.db.transaction(async (tx) => {
      const before = await this.own(tx, id, caller);
      await tx.query('delete from experiment_view where id = $1', [id]);
      await record(tx, acting, 'delete', before, null);
    });
  }

  /** A view that the caller may change, locked; those of other keys do not exist for it. */
  private async own(tx: Transaction, id: string, caller: Caller): Promise<View> {
    if (!viewIdField.safeParse(id).success) throw Problem.notFound('View', id);
    const [view] = await tx.query<View & Record<string, unknown>>(
      `select ${COLUMNS} from experiment_view where id = $1 and (owner_key is null or owner_key = $2) for update`,
      [id, caller.keyId],
    );
    if (!view) throw Problem.notFound('View', id);
    ownerOf(view.shared, caller);
    return view;
  }

  private async refuseTaken(
    tx: Sql,
    name: string,
    owner: string | null,
    except: string | null,
  ): Promise<void> {
    const taken = await tx.query(
      `select 1 from experiment_view
        where lower(name) = lower($1) and owner_key is not distinct from $2 and id is distinct from $3::bigint`,
      [name, owner, except],
    );
    if (taken.length > 0)
      throw Problem.conflict('already_exists', `A view with the name "${name}" exists already`);
  }
}

/** Two people who take one name, or one first place, at once wait for each other. */
const inTurn = (tx: Sql): Promise<unknown> =>
  tx.query(`select pg_advisory_xact_lock(hashtext('marquee.experiment-views'))`);

/** @throws Problem 403 where everybody would see the change and the caller is no admin. */
function ownerOf(shared: boolean, { keyId, role }: Caller): string | null {
  if (!shared) return keyId;
  if (allows(role, 'admin')) return null;
  throw new Problem(403, 'forbidden', 'A shared view is changed with a key of the role "admin"');
}

async function clearDefault(tx: Sql, owner: string | null): Promise<void> {
  await tx.query(
    'update experiment_view set is_default = false where is_default and owner_key is not distinct from $1',
    [owner],
  );
}

async function record<V extends View | null>(
  tx: Transaction,
  acting: Acting,
  what: 'create' | 'change' | 'delete',
  before: View | null,
  after: V,
): Promise<V> {
  const entityKey = (after ?? before)?.name ?? '';
  // No news for other processes: a view changes nothing that is served.
  await writeAudit(tx, {
    ...{ action: `experiment-view.${what}`, entity: 'experiment-view', entityKey },
    ...{ actor: acting.actor, requestId: acting.requestId },
    ...{ before: before as unknown as Json, after: after as unknown as Json },
  });
  return after;
}
