import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { ApiError } from '../../../api/http.js';
import type { ChangePreview } from '../../../api/policy-changes.js';
import type { Json } from '../../../api/types.js';
import { json } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { GateRefusal, gateRefusal, isReason } from '../../../ui/gate-refusal.js';

type Change = ChangePreview['changes'][number];

const LEARNED: Record<ChangePreview['learned'], string> = {
  kept: 'What was learned is kept.',
  relearned: 'All rewards are learned again, as one new version. What serves goes on until then.',
  'at-training': 'The next training run uses it. What serves goes on as it was trained.',
  nothing: 'It has learned nothing that could be lost.',
};

const shown = (value: Json): string => (value === null ? 'none' : json(value));

const COLUMNS: Column<Change>[] = [
  {
    key: 'field',
    title: 'Changes',
    cell: ({ pointer }) => <span className="mq-mono">{pointer.slice(1).replaceAll('/', '.')}</span>,
  },
  { key: 'before', title: 'From', cell: ({ before }) => <code>{shown(before)}</code> },
  { key: 'after', title: 'To', cell: ({ after }) => <code>{shown(after)}</code> },
  { key: 'does', title: 'What it does', cell: ({ prose }) => prose },
];

interface ChangeReviewProps {
  preview: ChangePreview;
  pending: boolean;
  error: Error | null;
  back: () => void;
  /** @param overrideGate why to go past the gate; absent where it is open. */
  confirm: (overrideGate?: string) => void;
}

/** What a change does, field by field, to what was learned and at the gate, before it is made. */
export function ChangeReview({ preview, pending, error, back, confirm }: ChangeReviewProps): ReactElement {
  const [why, setWhy] = useState('');
  const refusal = gateRefusal(error) ?? closedBy(preview);
  const failed = error !== null && gateRefusal(error) === null ? error : null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (refusal === null) confirm();
        else if (isReason(why)) confirm(why.trim());
      }}
    >
      <Stack gap="md">
        <Effects preview={preview} />
        <DataTable
          caption="What changes"
          columns={COLUMNS}
          rows={preview.changes}
          rowKey={({ pointer }) => pointer}
        />
        {refusal === null ? null : <GateRefusal refusal={refusal} reason={why} onReason={setWhy} />}
        {failed === null ? null : (
          <Alert color="orange" variant="light" title="The change was not made" role="alert">
            {failed.message}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={back}>
            Back
          </Button>
          <Button
            type="submit"
            loading={pending}
            color={refusal === null ? 'blue' : 'orange'}
            disabled={(refusal !== null && !isReason(why)) || preview.changes.length === 0}
          >
            {refusal === null ? 'Make the change' : 'Make the change past the gate'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Effects({ preview }: { preview: ChangePreview }): ReactElement {
  const { changes, learned, gate, rewardVersion } = preview;
  if (changes.length === 0) return <Text size="sm">Nothing changes: the policy is like this already.</Text>;
  const { before, after } = rewardVersion;
  return (
    <ul aria-label="What the change does">
      <li>{LEARNED[learned]}</li>
      {before === after ? null : (
        <li>
          The reward becomes version {after} of its definition. Rewards on record keep version {before} until
          somebody lets it learn again.
        </li>
      )}
      <li>
        {!gate.required
          ? 'The off-policy gate is not asked.'
          : gate.open
            ? 'The off-policy gate has said yes to exactly this.'
            : 'The off-policy gate has to say yes first.'}
      </li>
    </ul>
  );
}

const closedBy = ({ gate }: ChangePreview): ApiError | null =>
  gate.open ? null : new ApiError(409, 'gate_closed', gate.prose ?? 'The gate is closed.', gate.clauses);
