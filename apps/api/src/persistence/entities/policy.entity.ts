import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Json } from '#experiments';

/** Row shape: A configured bandit or recommender. */
@Entity({ name: 'policy' })
export class PolicyEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  key!: string;

  @Column({ type: 'text' })
  title!: string;

  @Column({ type: 'jsonb' })
  params!: Json;

  @Column({ type: 'jsonb' })
  exploration!: Json;

  @Column({ type: 'double precision' })
  floor!: number;

  @Column({ type: 'jsonb', nullable: true })
  reward!: Json;

  @Column({ type: 'integer', name: 'window_seconds' })
  windowSeconds!: number;

  @Column({ type: 'integer', name: 'grace_seconds' })
  graceSeconds!: number;

  @Column({ type: 'boolean' })
  learning!: boolean;

  @Column({ type: 'integer', name: 'serving_version', nullable: true })
  servingVersion!: number | null;

  @Column({ type: 'integer', name: 'latest_version' })
  latestVersion!: number;

  @Column({ type: 'timestamptz', name: 'last_learned_at', nullable: true })
  lastLearnedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
