import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Json } from '#experiments';

/** Row shape: One immutable version of a policy's learned state. */
@Entity({ name: 'policy_snapshot' })
export class PolicySnapshotEntity {
  @PrimaryColumn({ type: 'text', name: 'policy_id' })
  policyId!: string;

  @PrimaryColumn({ type: 'integer' })
  version!: number;

  @Column({ type: 'integer', name: 'state_version' })
  stateVersion!: number;

  @Column({ type: 'jsonb' })
  params!: Json;

  @Column({ type: 'jsonb', nullable: true })
  state!: Json;

  @Column({ type: 'text' })
  sha256!: string;

  @Column({ type: 'text' })
  status!: string;

  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  @Column({ type: 'integer', name: 'rows_used' })
  rowsUsed!: number;

  @Column({ type: 'double precision', name: 'mean_reward', nullable: true })
  meanReward!: number | null;

  @Column({ type: 'timestamptz', name: 'learned_through', nullable: true })
  learnedThrough!: Date | null;

  @Column({ type: 'jsonb', nullable: true })
  evaluation!: Json;

  @Column({ type: 'text', name: 'training_run', nullable: true })
  trainingRun!: string | null;

  @Column({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
