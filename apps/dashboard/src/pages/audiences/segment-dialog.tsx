import { Alert, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import type { Segment } from '../../api/audiences.js';
import { segment as inPath } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import { useCatalog } from '../../api/queries.js';
import { slug } from '../../format/slug.js';
import { fromCondition, targetingProblem, toCondition } from '../new-experiment/targeting.js';
import type { TargetingDraft } from '../new-experiment/targeting.js';
import { TargetingFields } from '../new-experiment/targeting-fields.js';

interface SegmentDialogProps {
  opened: boolean;
  /** Null: a new one. */
  segment: Segment | null;
  close: () => void;
}

function problemOf(title: string, targeting: TargetingDraft): string | null {
  if (title.trim() === '') return 'Name the segment';
  return (
    targetingProblem(targeting) ?? (toCondition(targeting) === null ? 'Add at least one condition' : null)
  );
}

function Failure({ message }: { message: string | undefined }): ReactElement | null {
  if (message === undefined) return null;
  return (
    <Alert color="orange" variant="light" role="alert" title="Not saved">
      {message}
    </Alert>
  );
}

/** Names a condition, or changes a named one, which makes a new version. */
export function SegmentDialog({ opened, segment, close }: SegmentDialogProps): ReactElement {
  const catalog = useCatalog();
  const [title, setTitle] = useState(segment?.title ?? '');
  const [targeting, setTargeting] = useState<TargetingDraft>(fromCondition(segment?.condition ?? null));
  const [tried, setTried] = useState(false);
  const write = useWrite(['/v1/segments']);
  const problem = problemOf(title, targeting);
  const save = (): void => {
    setTried(true);
    if (problem !== null) return;
    const condition = toCondition(targeting);
    write.mutate(
      segment
        ? {
            path: `/v1/segments/${inPath(segment.key)}`,
            method: 'PATCH',
            body: { title, condition },
            version: segment.version,
          }
        : { path: '/v1/segments', body: { key: slug(title), title, condition } },
      { onSuccess: close },
    );
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      size="xl"
      title={<Text fw={620}>{segment ? `Change ${segment.title}` : 'New segment'}</Text>}
    >
      <Stack>
        <TextInput
          label="Name"
          required
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <TargetingFields
          targeting={targeting}
          change={setTargeting}
          problem={undefined}
          operators={catalog.data?.conditionOperators ?? []}
          withSegments={false}
        />
        <Failure message={tried ? (problem ?? write.error?.message) : undefined} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button loading={write.isPending} onClick={save}>
            {segment ? 'Save as a new version' : 'Save segment'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
