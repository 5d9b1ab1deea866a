import { ActionIcon, Autocomplete, Select, TagsInput, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Catalog } from '../../api/types.js';
import { operator } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import { takesList, takesNothing } from './targeting.js';
import type { ConditionRow, ValueType } from './targeting.js';
import styles from './form.module.css';

/** Attributes that clients commonly send; any other may be typed. */
const COMMON = [
  'country',
  'device',
  'language',
  'plan',
  'daysSinceSignup',
  'hour',
  'weekday',
  'profileKind',
  'appVersion',
];

const TYPES = [
  { value: 'text', label: 'Text' },
  { value: 'number', label: 'Number' },
  { value: 'boolean', label: 'Yes / no' },
];

interface ConditionFieldsProps {
  row: ConditionRow;
  operators: Catalog['conditionOperators'];
  change: (next: Partial<ConditionRow>) => void;
  remove: () => void;
}

/** One typed condition: attribute, operator, type, value. */
export function ConditionFields({ row, operators, change, remove }: ConditionFieldsProps): ReactElement {
  const keys = operators.map((entry) => (typeof entry === 'string' ? entry : entry.key));
  return (
    <div
      className={styles.condition}
      role="group"
      aria-label={`Condition on ${row.attribute || 'an attribute'}`}
    >
      <Autocomplete
        aria-label="Attribute"
        placeholder="Attribute"
        data={COMMON}
        value={row.attribute}
        onChange={(attribute) => change({ attribute })}
      />
      <Select
        aria-label="Operator"
        data={keys.map((key) => ({ value: key, label: operator(key) }))}
        value={row.op}
        onChange={(op) => change({ op: op ?? row.op })}
      />
      {takesNothing(row.op) ? (
        <span />
      ) : (
        <Select
          aria-label="Type"
          data={TYPES}
          value={row.type}
          onChange={(type) =>
            change({ type: (type ?? 'text') as ValueType, text: type === 'boolean' ? 'true' : '' })
          }
        />
      )}
      <ValueInput row={row} change={change} />
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Remove condition" onClick={remove}>
        <Icon name="trash" />
      </ActionIcon>
    </div>
  );
}

function ValueInput({ row, change }: Pick<ConditionFieldsProps, 'row' | 'change'>): ReactElement {
  if (takesNothing(row.op)) return <span />;
  if (takesList(row.op))
    return (
      <TagsInput
        aria-label="Values"
        placeholder="Values, Enter after each"
        value={row.list}
        onChange={(list) => change({ list })}
      />
    );
  if (row.type === 'boolean') {
    return (
      <Select
        aria-label="Value"
        data={[
          { value: 'true', label: 'yes' },
          { value: 'false', label: 'no' },
        ]}
        value={row.text || 'true'}
        onChange={(text) => change({ text: text ?? 'true' })}
      />
    );
  }
  return (
    <TextInput
      aria-label="Value"
      placeholder="Value"
      inputMode={row.type === 'number' ? 'decimal' : 'text'}
      value={row.text}
      onChange={(event) => change({ text: event.currentTarget.value })}
    />
  );
}
