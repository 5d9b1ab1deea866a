import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Decisions that are withheld at random, so that the lift of showing can be measured and learned from.
 *
 * `policy.withhold`: which share, and for how long the same unit keeps the same lot. `decision.withheld`: what was chosen
 * was not shown (null: the policy withholds nothing); `decision.withhold_propensity`: the probability of that lot.
 * `reward.outcome`, `reward.baseline`: what an incremental reward is made of (null: the reward is the outcome).
 * `withheld_outcome`: what happened though nothing was shown, one row per settled withheld decision; `withheld_sum`: the
 * same summed up, which the baselines of later rewards are computed from.
 */
const WITHHOLDING = `
alter table policy add column withhold jsonb;
alter table decision add column withheld boolean, add column withhold_propensity double precision;
alter table reward add column outcome double precision, add column baseline double precision;

create table withheld_outcome (
  decision_id text primary key,
  decision_at timestamptz not null,
  policy_id text not null,
  unit_id text not null,
  subject text,
  action_id text not null,
  segment text not null,
  outcome double precision not null,
  definition integer not null,
  settled_at timestamptz not null
);
create index withheld_outcome_by_policy on withheld_outcome (policy_id, decision_at);
create index withheld_outcome_by_unit on withheld_outcome (unit_id);

create table withheld_sum (
  policy_id text not null,
  definition integer not null,
  subject text not null,
  action_id text not null,
  segment text not null,
  decisions integer not null,
  sum double precision not null,
  squares double precision not null,
  primary key (policy_id, definition, subject, action_id, segment)
);
`;

export class Withholding1764900000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(WITHHOLDING);
  }

  /** Forward-only: a fact once stored is never dropped by a migration. */
  async down(): Promise<void> {
    throw new Error('Migrations are forward-only; restore a backup to go back');
  }
}
