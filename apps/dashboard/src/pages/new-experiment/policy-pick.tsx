import { Button, Group, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { usePreview } from '../../api/members.js';
import type { PreviewQuestion, PreviewSide } from '../../api/members.js';
import type { Surface } from '../../api/types.js';
import { probability } from '../../format/index.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { ItemTile } from './item-tile.js';
import styles from './preview.module.css';

const PLACES = 8;

/** What a policy would give an example member now. Asked for by a click, because a look at a member is audited. */
export function PolicyPick({ surface, policyId }: { surface: Surface; policyId: string }): ReactElement {
  const [member, setMember] = useState('');
  const [subject, setSubject] = useState('');
  const [question, setQuestion] = useState<PreviewQuestion | null>(null);
  const preview = usePreview(question);
  const ask = (): void =>
    setQuestion({
      surface: surface.key,
      subject: subject.trim() === '' ? null : subject.trim(),
      ...(member.trim() === '' ? {} : { unitId: member.trim() }),
      context: {},
      limit: PLACES,
      policies: [{ policyId }],
    });
  return (
    <>
      <Group gap="sm" align="flex-end" wrap="wrap">
        <TextInput
          size="xs"
          label="Example member"
          placeholder="nobody known"
          value={member}
          onChange={(event) => setMember(event.currentTarget.value)}
        />
        {surface.kind === 'action' ? (
          <TextInput
            size="xs"
            label="About"
            placeholder="e.g. the id of a title"
            value={subject}
            onChange={(event) => setSubject(event.currentTarget.value)}
          />
        ) : null}
        <Button size="xs" variant="default" onClick={ask}>
          Show what it picks
        </Button>
      </Group>
      {question === null ? (
        <p className="mq-muted">Nothing is served or stored. A look at a member is audited.</p>
      ) : (
        <QueryBoundary query={preview} what="pick" lines={2}>
          {({ sides }) => <Picked side={sides[0]} kind={surface.kind} />}
        </QueryBoundary>
      )}
    </>
  );
}

function Picked({ side, kind }: { side: PreviewSide | undefined; kind: Surface['kind'] }): ReactElement {
  if (side === undefined || side.error !== null || side.items.length === 0)
    return <p role="status">It gives no answer here: {side?.error ?? 'nothing stands to choice'}.</p>;
  if (kind === 'action') {
    const [first] = side.items;
    return first === undefined ? (
      <></>
    ) : (
      <ItemTile id={first.id} item={first} note={`${probability(first.probability)} of the time`} />
    );
  }
  return (
    <ol className={styles.order}>
      {side.items.map(({ id, title }) => (
        <li key={id}>{title}</li>
      ))}
    </ol>
  );
}
