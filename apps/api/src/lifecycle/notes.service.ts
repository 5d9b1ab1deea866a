import { Inject, Injectable } from '@nestjs/common';
import { recordChange } from '../access/record-change.js';
import { ExperimentStore } from '../experiments/experiment-store.js';
import type { Acting } from '../http/acting.js';
import { Database } from '../persistence/database.js';
import type { NoteBody } from './lifecycle.schemas.js';

/** A comment, or an entry of the decision log. Notes are never changed: what was meant then stays readable. */
export interface Note {
  readonly id: string;
  readonly kind: 'comment' | 'decision';
  readonly text: string;
  readonly author: string;
  readonly at: Date;
}

@Injectable()
export class NotesService {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ExperimentStore) private readonly store: ExperimentStore,
  ) {}

  /** The newest first, at most 500. @throws Problem 404. */
  async list(key: string): Promise<{ items: Note[]; nextCursor: null }> {
    await this.store.get(key);
    const items = await this.db.query<Note & Record<string, unknown>>(
      `select id::text as id, kind, text, author, at from experiment_note where experiment = $1
        order by experiment_note.id desc limit 500`,
      [key],
    );
    return { items, nextCursor: null };
  }

  /** @throws Problem 404. */
  async add(key: string, { kind, text }: NoteBody, acting: Acting): Promise<Note> {
    return this.db.transaction(async (tx) => {
      await this.store.lock(tx, key);
      const [note] = await tx.query<Note & Record<string, unknown>>(
        `insert into experiment_note (experiment, kind, text, author) values ($1, $2, $3, $4)
         returning id::text as id, kind, text, author, at`,
        [key, kind, text, acting.actor],
      );
      const entry = { action: `lifecycle.${kind}`, entity: 'lifecycle', entityKey: key };
      await recordChange(tx, acting, { ...entry, after: { text } });
      return note as Note;
    });
  }
}
