import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Json } from '#experiments';

/** Row shape: A place in the product where a treatment shows. */
@Entity({ name: 'surface' })
export class SurfaceEntity {
  @PrimaryColumn({ type: 'text' })
  key!: string;

  @Column({ type: 'text' })
  title!: string;

  @Column({ type: 'text' })
  kind!: string;

  @Column({ type: 'jsonb', name: 'default_value', nullable: true })
  defaultValue!: Json;

  @Column({ type: 'text', name: 'candidate_kind', nullable: true })
  candidateKind!: string | null;

  @Column({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
