import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Json } from '#experiments';

/** Row shape: One fit of a recommender. */
@Entity({ name: 'training_run' })
export class TrainingRunEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text', name: 'policy_id' })
  policyId!: string;

  @Column({ type: 'text' })
  status!: string;

  @Column({ type: 'double precision' })
  progress!: number;

  @Column({ type: 'text' })
  seed!: string;

  @Column({ type: 'jsonb' })
  params!: Json;

  @Column({ type: 'timestamptz', name: 'cut_at' })
  cutAt!: Date;

  @Column({ type: 'text' })
  promote!: string;

  @Column({ type: 'jsonb', nullable: true })
  evaluation!: Json;

  @Column({ type: 'jsonb', default: [] })
  curve!: Json;

  @Column({ type: 'jsonb', nullable: true })
  data!: Json;

  @Column({ type: 'text', default: 'person' })
  trigger!: string;

  @Column({ type: 'integer', name: 'snapshot_version', nullable: true })
  snapshotVersion!: number | null;

  @Column({ type: 'text', nullable: true })
  error!: string | null;

  @Column({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'started_at', nullable: true })
  startedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
