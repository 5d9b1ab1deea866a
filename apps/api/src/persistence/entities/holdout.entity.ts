import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Condition } from '#experiments';

/** Row shape: Units that get the default everywhere it covers. */
@Entity({ name: 'holdout' })
export class HoldoutEntity {
  @PrimaryColumn({ type: 'text' })
  key!: string;

  @Column({ type: 'text' })
  title!: string;

  @Column({ type: 'text' })
  salt!: string;

  @Column({ type: 'double precision' })
  share!: number;

  @Column({ type: 'text', nullable: true, array: true })
  surfaces!: string[] | null;

  @Column({ type: 'text', name: 'unit_type' })
  unitType!: string;

  @Column({ type: 'boolean' })
  enabled!: boolean;

  @Column({ type: 'text', nullable: true, array: true })
  tags!: string[] | null;

  @Column({ type: 'jsonb', name: 'except_when', nullable: true })
  except!: Condition | null;

  @Column({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
