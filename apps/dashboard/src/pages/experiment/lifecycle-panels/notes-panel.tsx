import { Button, Group, Select, Textarea } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { notesPath, useNotes } from '../../../api/lifecycle.js';
import type { Note } from '../../../api/lifecycle.js';
import { useWrite } from '../../../api/mutations.js';
import { dateTime } from '../../../format/index.js';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { Pill } from '../../../ui/status.js';
import styles from './notes.module.css';

/** Comments and the decision log; nothing in it is ever changed. */
export function NotesPanel({ experimentKey }: { experimentKey: string }): ReactElement {
  const query = useNotes(experimentKey);
  return (
    <Panel title="Comments and decisions" note="Newest first. What was written stays as it was.">
      <Write experimentKey={experimentKey} />
      <QueryBoundary
        query={query}
        what="comments"
        lines={3}
        isEmpty={({ items }) => items.length === 0}
        empty={<p className={styles.none}>Nobody has written anything yet.</p>}
      >
        {({ items }) => (
          <ul className={styles.list}>
            {items.map((note) => (
              <Entry key={note.id} note={note} />
            ))}
          </ul>
        )}
      </QueryBoundary>
    </Panel>
  );
}

function Entry({ note }: { note: Note }): ReactElement {
  return (
    <li className={styles.note}>
      <span className={styles.head}>
        {note.kind === 'decision' ? (
          <Pill tone="solid" icon="check" label="Decision" />
        ) : (
          <Pill label="Comment" />
        )}{' '}
        {note.author}, {dateTime(note.at)}
      </span>
      <p className={styles.text}>{note.text}</p>
    </li>
  );
}

function Write({ experimentKey }: { experimentKey: string }): ReactElement {
  const [text, setText] = useState('');
  const [kind, setKind] = useState<Note['kind']>('comment');
  const write = useWrite(['/v1/experiments']);
  const save = (event: FormEvent): void => {
    event.preventDefault();
    write.mutate({ path: notesPath(experimentKey), body: { kind, text } }, { onSuccess: () => setText('') });
  };
  return (
    <form onSubmit={save}>
      <Textarea
        label="Write"
        autosize
        minRows={2}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Group mt="xs" gap="xs" align="flex-end">
        <Select
          label="As"
          w={140}
          data={[
            { value: 'comment', label: 'Comment' },
            { value: 'decision', label: 'Decision' },
          ]}
          value={kind}
          allowDeselect={false}
          onChange={(next) => setKind(next === 'decision' ? 'decision' : 'comment')}
        />
        <Button type="submit" variant="default" loading={write.isPending} disabled={text.trim() === ''}>
          Add
        </Button>
      </Group>
      {write.error === null ? null : <p role="alert">{write.error.message}</p>}
    </form>
  );
}
