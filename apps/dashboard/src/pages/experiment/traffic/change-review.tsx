import { Alert, Button, Group, Radio, Stack, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import type { TrafficPreview } from '../../../api/traffic.js';
import { count, percent } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { Pill } from '../../../ui/status.js';

type Field = TrafficPreview['fields'][number];

const KIND: Record<Field['kind'], string> = {
  nothing: 'No unit',
  'new-phase': 'New phase',
  'new-units': 'New units only',
  blocked: 'Blocked',
};

const COLUMNS: Column<Field>[] = [
  {
    key: 'field',
    title: 'Changes',
    cell: ({ pointer }) => <span className="mq-mono">{pointer.slice(1)}</span>,
  },
  { key: 'kind', title: 'Meets', cell: ({ kind }) => <Pill label={KIND[kind]} /> },
  { key: 'does', title: 'What it does to units in the experiment', cell: ({ prose }) => prose },
];

interface ChangeReviewProps {
  preview: TrafficPreview;
  unit: string;
  existing: 'move' | 'keep';
  onExisting: (existing: 'move' | 'keep') => void;
  pending: boolean;
  error: Error | null;
  back: () => void;
  confirm: () => void;
}

/** What a change does to units that are in the experiment, before it is made. */
export function ChangeReview(props: ChangeReviewProps): ReactElement {
  const { preview, unit, existing, onExisting, pending, error, back, confirm } = props;
  const { units, possible, fields } = preview;
  const touches = preview.newPhase && units.inIt > 0 && units.touched !== 0;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm();
      }}
    >
      <Stack gap="md">
        <DataTable caption="What changes" columns={COLUMNS} rows={fields} rowKey={({ pointer }) => pointer} />
        <Numbers preview={preview} unit={unit} />
        {touches ? (
          <Radio.Group
            label={`${count(units.inIt)} ${unit}s are in it. What becomes of them?`}
            value={existing}
            onChange={(next) => onExisting(next as 'move' | 'keep')}
          >
            <Stack gap="xs" mt="xs">
              <Radio
                value="move"
                label="They move"
                description="Everybody gets what the new allocation says. Whoever sees two arms is left out of results."
              />
              <Radio
                value="keep"
                disabled={!units.canKeep}
                label="They keep their arms"
                description={
                  units.canKeep
                    ? 'Only new units are split by the new allocation. Those who would move are stored.'
                    : `At most ${count(units.mostKept)} can be stored, and more would have to be.`
                }
              />
            </Stack>
          </Radio.Group>
        ) : null}
        {error === null ? null : (
          <Alert color="orange" variant="light" title="The change was not made" role="alert">
            {error.message}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={back}>
            Back
          </Button>
          <Button type="submit" loading={pending} disabled={!possible || fields.length === 0}>
            Make the change
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Numbers({ preview, unit }: { preview: TrafficPreview; unit: string }): ReactElement {
  const { units, reach, newPhase, possible } = preview;
  const { touched } = units;
  const empty = reach !== null && reach.after === 0;
  return (
    <>
      <ul aria-label="What the change does">
        <li>
          {possible
            ? newPhase
              ? 'A new phase begins. The split is judged phase by phase.'
              : 'The phase goes on.'
            : 'It cannot be made like this: one field is blocked.'}
        </li>
        {touched === null ? null : (
          <li>
            About {count(touched)} of {count(units.inIt)} {unit}s in it would change arm or fall out.
          </li>
        )}
        {reach === null ? null : (
          <li>
            Of the latest {count(reach.requests)} requests {percent(reach.before, 1)} are met by the targeting
            now, and {percent(reach.after, 1)} after it.
          </li>
        )}
      </ul>
      {empty ? (
        <Alert color="orange" variant="light" title="Nobody would be met" role="alert">
          <Text size="sm">None of the latest requests meets the new targeting: traffic would stop.</Text>
        </Alert>
      ) : null}
    </>
  );
}
