import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Row shape: Owner of a share of traffic; experiments in one layer never overlap. */
@Entity({ name: 'layer' })
export class LayerEntity {
  @PrimaryColumn({ type: 'text' })
  key!: string;

  @Column({ type: 'text' })
  title!: string;

  @Column({ type: 'text' })
  salt!: string;

  @Column({ type: 'text', name: 'unit_type', nullable: true })
  unitType!: string | null;

  @Column({ type: 'smallint', name: 'hash_version', default: 2 })
  hashVersion!: 1 | 2;

  @Column({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
