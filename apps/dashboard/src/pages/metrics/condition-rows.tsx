import { ActionIcon, Autocomplete, Button, Select, TagsInput, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { operator } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import type { Problems } from './field-props.js';
import { emptyCondition, takesList, takesNothing } from './metric-draft.js';
import type { ConditionDraft } from './metric-draft.js';
import styles from './metrics.module.css';

const FIELDS = [
  'device',
  'hour',
  'value',
  'position',
  'itemId',
  'actionId',
  'property:NAME',
  'context:country',
  'context:plan',
];

const OPERATORS = ['eq', 'ne', 'in', 'notIn', 'lt', 'lte', 'gt', 'gte', 'exists', 'notExists'];

interface ConditionRowsProps {
  /** Pointer of the list, e.g. `/numerator/where`. */
  at: string;
  rows: readonly ConditionDraft[];
  problems: Problems;
  onChange: (rows: ConditionDraft[]) => void;
}

/** Conditions on events that must all hold. */
export function ConditionRows({ at, rows, problems, onChange }: ConditionRowsProps): ReactElement {
  const change = (id: number, part: Partial<ConditionDraft>): void =>
    onChange(rows.map((row) => (row.id === id ? { ...row, ...part } : row)));
  return (
    <>
      {rows.map((row, index) => (
        <div
          key={row.id}
          className={styles.condition}
          role="group"
          aria-label={`Condition on ${row.field || 'a field'}`}
        >
          <Autocomplete
            aria-label="Field of the event"
            placeholder="Field"
            data={FIELDS}
            value={row.field}
            onChange={(field) => change(row.id, { field })}
          />
          <Select
            aria-label="Operator"
            data={OPERATORS.map((key) => ({ value: key, label: operator(key) }))}
            value={row.op}
            onChange={(op) => change(row.id, { op: op ?? row.op })}
          />
          <ConditionValue row={row} problem={problems[`${at}/${index}`]} change={change} />
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label="Remove condition"
            onClick={() => onChange(rows.filter((other) => other.id !== row.id))}
          >
            <Icon name="trash" />
          </ActionIcon>
        </div>
      ))}
      <div>
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="plus" size={14} />}
          onClick={() => onChange([...rows, emptyCondition()])}
        >
          Add condition
        </Button>
      </div>
    </>
  );
}

interface ConditionValueProps {
  row: ConditionDraft;
  problem: string | undefined;
  change: (id: number, part: Partial<ConditionDraft>) => void;
}

function ConditionValue({ row, problem, change }: ConditionValueProps): ReactElement {
  if (takesNothing(row.op)) return <span />;
  if (takesList(row.op))
    return (
      <TagsInput
        aria-label="Values"
        placeholder="Values, Enter after each"
        error={problem}
        value={row.list}
        onChange={(list) => change(row.id, { list })}
      />
    );
  return (
    <TextInput
      aria-label="Value"
      placeholder='tv, 18 or "18"'
      error={problem}
      value={row.text}
      onChange={(event) => change(row.id, { text: event.currentTarget.value })}
    />
  );
}
