import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Json } from '#experiments';

/** Row shape: Something a policy can pick: a title, a row, an artwork variant. */
@Entity({ name: 'item' })
export class ItemEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  kind!: string;

  @Column({ type: 'text', nullable: true })
  subject!: string | null;

  @Column({ type: 'text' })
  title!: string;

  @Column({ type: 'jsonb' })
  features!: Json;

  @Column({ type: 'boolean' })
  available!: boolean;

  @Column({ type: 'integer' })
  position!: number;

  @Column({ type: 'timestamptz', name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
