import { Inject, Injectable } from '@nestjs/common';
import { recordChange } from '../access/record-change.js';
import { APPROVAL_SETTING, approvalRequired, designHash, readApproval } from '../experiments/approval.js';
import type { Approval } from '../experiments/approval.js';
import { ExperimentStore } from '../experiments/experiment-store.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { ApprovalSetting, AskBody, DecideBody } from './lifecycle.schemas.js';

/** A key may be renamed; its id, in parentheses at the end, stays. */
const keyIdOf = (actor: string): string => /\(([^()]+)\)$/.exec(actor)?.[1] ?? actor;

/** Asking a second person for a start, and their answer. */
@Injectable()
export class ApprovalsService {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ExperimentStore) private readonly store: ExperimentStore,
  ) {}

  /** @throws Problem 404. */
  async get(key: string) {
    const experiment = await this.store.get(key);
    const [required, approval] = await Promise.all([approvalRequired(this.db), readApproval(this.db, key)]);
    const same = approval?.design === (await designHash(this.db, experiment));
    return viewOf(required, approval, same);
  }

  async setting(): Promise<ApprovalSetting> {
    return { required: await approvalRequired(this.db) };
  }

  async set(body: ApprovalSetting, acting: Acting): Promise<ApprovalSetting> {
    await this.db.transaction(async (tx) => {
      const before = { required: await approvalRequired(tx) };
      await tx.query(
        `insert into setting (key, value) values ($1, $2::jsonb)
         on conflict (key) do update set value = excluded.value, updated_at = now()`,
        [APPROVAL_SETTING, JSON.stringify(body)],
      );
      const entry = { action: 'setting.approval', entity: 'setting', entityKey: APPROVAL_SETTING };
      await recordChange(tx, acting, { ...entry, before, after: body });
    });
    return body;
  }

  /** Asks for the design as it is now; a later request takes the place of an earlier one. @throws Problem 404, 409. */
  async ask(key: string, { comment }: AskBody, acting: Acting) {
    await this.db.transaction(async (tx) => {
      const experiment = await this.store.lock(tx, key);
      if (experiment.status !== 'draft' && experiment.status !== 'scheduled')
        throw Problem.conflict(
          'invalid_transition',
          `"${key}" is ${experiment.status}: it needs no approval`,
        );
      await tx.query(
        `insert into experiment_approval (experiment, design, asked_by, comment) values ($1, $2, $3, $4)`,
        [key, await designHash(tx, experiment), acting.actor, comment],
      );
      const entry = { action: 'lifecycle.ask-approval', entity: 'lifecycle', entityKey: key };
      await recordChange(tx, acting, { ...entry, after: { comment } });
    });
    return this.get(key);
  }

  /**
   * The answer of somebody else than who asked.
   * @throws Problem 404; 409 `nothing_asked`, `changed_since`, `own_request`.
   */
  async decide(key: string, { decision, comment }: DecideBody, acting: Acting) {
    await this.db.transaction(async (tx) => {
      const experiment = await this.store.lock(tx, key);
      const approval = await readApproval(tx, key);
      if (!approval || approval.decision !== null)
        throw Problem.conflict('nothing_asked', `Nobody waits for an approval of "${key}"`);
      if (keyIdOf(approval.askedBy) === keyIdOf(acting.actor))
        throw Problem.conflict('own_request', 'Who asked for an approval cannot give it');
      if (approval.design !== (await designHash(tx, experiment)))
        throw Problem.conflict('changed_since', `"${key}" was changed since the approval was asked for`);
      await tx.query(
        `update experiment_approval set decision = $2, decided_by = $3, decided_at = now(), answer = $4
          where id = (select max(id) from experiment_approval where experiment = $1)`,
        [key, decision, acting.actor, comment],
      );
      const entry = { action: `experiment.${decision}`, entity: 'experiment', entityKey: key };
      await recordChange(tx, acting, { ...entry, after: { askedBy: approval.askedBy, comment } });
    });
    return this.get(key);
  }
}

function viewOf(required: boolean, approval: Approval | null, same: boolean) {
  if (!approval) return { required, state: 'none' as const, request: null };
  const { design: _design, ...request } = approval;
  return { required, state: stateOf(approval, same), request };
}

function stateOf({ decision }: Approval, same: boolean) {
  if (!same) return 'outdated' as const;
  if (decision === null) return 'asked' as const;
  return decision === 'approve' ? ('approved' as const) : ('rejected' as const);
}
