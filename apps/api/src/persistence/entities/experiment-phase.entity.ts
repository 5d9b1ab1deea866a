import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Json } from '#experiments';

/** Row shape: A span of an experiment with unchanged targeting and allocation. */
@Entity({ name: 'experiment_phase' })
export class ExperimentPhaseEntity {
  @PrimaryColumn({ type: 'text' })
  experiment!: string;

  @PrimaryColumn({ type: 'integer' })
  phase!: number;

  @Column({ type: 'double precision' })
  traffic!: number;

  @Column({ type: 'jsonb', nullable: true })
  targeting!: Json;

  @Column({ type: 'jsonb' })
  arms!: Json;

  @Column({ type: 'boolean', name: 'keeps_units', default: false })
  keepsUnits!: boolean;

  @Column({ type: 'timestamptz', name: 'started_at' })
  startedAt!: Date;

  @Column({ type: 'timestamptz', name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}
