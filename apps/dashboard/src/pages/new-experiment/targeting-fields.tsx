import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import { useSegments, useUnitLists } from '../../api/audiences.js';
import type { Catalog, Json } from '../../api/types.js';
import { conditionSentence } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import { JsonInputField } from '../../ui/json-field.js';
import { ConditionFields } from './condition-fields.js';
import { fromCondition, newRow, segmentRow, toCondition } from './targeting.js';
import type { TargetingDraft } from './targeting.js';

interface TargetingFieldsProps {
  targeting: TargetingDraft;
  change: (next: TargetingDraft) => void;
  problem: string | undefined;
  operators: Catalog['conditionOperators'];
  /** The condition of a segment names no segments. */
  withSegments?: boolean;
  title?: string;
  /** What the condition is for, before it in words. */
  lead?: string;
  /** In place of the words where there is no condition. */
  whole?: string;
  /** Attributes that requests are known to carry. */
  known?: readonly string[];
}

/** A condition, built from typed rows or written as JSON, with what it means in a sentence. */
export function TargetingFields(props: TargetingFieldsProps): ReactElement {
  const { targeting, change, problem, title = 'Targeting', lead = 'Matches', whole } = props;
  const condition = toCondition(targeting);
  const asRows = targeting.mode === 'rows';
  return (
    <div role="group" aria-label={title}>
      <Group justify="space-between" mb="xs">
        <Text size="sm" fw={500}>
          {title}
        </Text>
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          disabled={!asRows && fromCondition(condition).mode === 'json'}
          onClick={() =>
            change(asRows ? { mode: 'json', condition: condition as Json } : fromCondition(condition))
          }
        >
          {asRows ? 'Write as JSON' : 'Use the builder'}
        </Button>
      </Group>
      {targeting.mode === 'json' ? (
        <JsonInputField
          label="Condition"
          description='{"all": [...]}, {"any": [...]}, {"not": ...}, {"segment": ...} or {"attribute", "op", "value"}'
          minRows={4}
          error={problem}
          value={targeting.condition}
          onChange={(next) => change({ mode: 'json', condition: next })}
        />
      ) : (
        <Rows {...props} targeting={targeting} />
      )}
      <Text
        size="sm"
        c={problem === undefined ? 'dimmed' : 'var(--mantine-color-error)'}
        mt="xs"
        role="status"
      >
        {problem ??
          `${lead}: ${condition === null && whole !== undefined ? whole : conditionSentence(condition)}`}
      </Text>
    </div>
  );
}

type RowsProps = TargetingFieldsProps & { targeting: Extract<TargetingDraft, { mode: 'rows' }> };

function Rows({ targeting, change, operators, known, withSegments = true }: RowsProps): ReactElement {
  const { rows } = targeting;
  const segments = useSegments().data?.items ?? [];
  const lists = useUnitLists().data?.items ?? [];
  const setRows = (next: typeof rows): void => change({ ...targeting, rows: next });
  return (
    <Stack gap="sm">
      {rows.length > 1 ? (
        <SegmentedControl
          size="xs"
          style={{ alignSelf: 'flex-start' }}
          aria-label="How conditions combine"
          value={targeting.match}
          onChange={(match) => change({ ...targeting, match })}
          data={[
            { value: 'all', label: 'All must match' },
            { value: 'any', label: 'Any may match' },
          ]}
        />
      ) : null}
      {rows.map((row) => (
        <ConditionFields
          key={row.id}
          row={row}
          operators={operators}
          segments={segments}
          lists={lists}
          known={known ?? []}
          change={(next) =>
            setRows(rows.map((entry) => (entry.id === row.id ? { ...entry, ...next } : entry)))
          }
          remove={() => setRows(rows.filter((entry) => entry.id !== row.id))}
        />
      ))}
      <Group gap="xs">
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<Icon name="plus" size={14} />}
          onClick={() => setRows([...rows, newRow(rows)])}
        >
          Add condition
        </Button>
        {withSegments && segments.length > 0 ? (
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<Icon name="plus" size={14} />}
            onClick={() => setRows([...rows, segmentRow(rows, segments[0]?.key ?? '')])}
          >
            Add segment
          </Button>
        ) : null}
      </Group>
    </Stack>
  );
}
