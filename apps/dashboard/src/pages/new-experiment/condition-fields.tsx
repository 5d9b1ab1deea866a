import { ActionIcon, Autocomplete, Select, TagsInput, Text, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Catalog } from '../../api/types.js';
import { operator } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import type { Segment, UnitList } from '../../api/audiences.js';
import {
  IN_SEGMENT,
  NOT_IN_SEGMENT,
  fixedType,
  takesList,
  takesNothing,
  takesSegment,
  takesUnitList,
} from './targeting.js';
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
  segments: readonly Segment[];
  lists: readonly UnitList[];
  /** Attributes that requests are known to carry. */
  known: readonly string[];
  change: (next: Partial<ConditionRow>) => void;
  remove: () => void;
}

/** One typed condition: attribute, operator, type, value. */
export function ConditionFields(props: ConditionFieldsProps): ReactElement {
  const { row, operators, known, change, remove } = props;
  if (takesSegment(row.op)) return <SegmentFields {...props} />;
  // An entry's clause has fields of its own: it is written as JSON.
  const keys = operators
    .map((entry) => (typeof entry === 'string' ? entry : entry.key))
    .filter((key) => key !== 'elemMatch');
  return (
    <div
      className={styles.condition}
      role="group"
      aria-label={`Condition on ${row.attribute || 'an attribute'}`}
    >
      <Autocomplete
        aria-label="Attribute"
        placeholder="Attribute"
        data={known.length > 0 ? [...known] : COMMON}
        value={row.attribute}
        onChange={(attribute) => change({ attribute })}
      />
      <Select
        aria-label="Operator"
        data={keys.map((key) => ({ value: key, label: operator(key) }))}
        value={row.op}
        onChange={(op) => change(changedOperator(row, op ?? row.op))}
      />
      {takesNothing(row.op) || fixedType(row.op) !== null ? (
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
      <ValueInput {...props} />
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Remove condition" onClick={remove}>
        <Icon name="trash" />
      </ActionIcon>
    </div>
  );
}

/** A list holds ids of units, unless another attribute is named; its key is no value of another operator. */
function changedOperator(row: ConditionRow, op: string): Partial<ConditionRow> {
  if (takesUnitList(op) === takesUnitList(row.op)) return { op };
  const attribute = takesUnitList(op) && row.attribute === '' ? '$unit' : row.attribute;
  return { op, attribute, text: '' };
}

function SegmentFields({ row, segments, change, remove }: ConditionFieldsProps): ReactElement {
  return (
    <div className={styles.condition} role="group" aria-label={`Condition on the segment ${row.text}`}>
      <Select
        aria-label="Membership"
        allowDeselect={false}
        data={[
          { value: IN_SEGMENT, label: 'is in the segment' },
          { value: NOT_IN_SEGMENT, label: 'is not in the segment' },
        ]}
        value={row.op}
        onChange={(op) => change({ op: op ?? row.op })}
      />
      <Select
        aria-label="Segment"
        placeholder="Segment"
        searchable
        data={segments.map(({ key, title, version }) => ({
          value: key,
          label: `${title}, version ${version}`,
        }))}
        value={row.text || null}
        onChange={(text) => change({ text: text ?? '', version: undefined })}
      />
      <Text size="xs" c="dimmed">
        {row.version === undefined ? '' : `as it was in version ${row.version}`}
      </Text>
      <span />
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Remove condition" onClick={remove}>
        <Icon name="trash" />
      </ActionIcon>
    </div>
  );
}

function ValueInput({ row, lists, change }: ConditionFieldsProps): ReactElement {
  if (takesNothing(row.op)) return <span />;
  if (takesUnitList(row.op))
    return (
      <Select
        aria-label="Unit list"
        placeholder="List"
        data={lists.map(({ key, title, size }) => ({ value: key, label: `${title}, ${size} units` }))}
        value={row.text || null}
        onChange={(text) => change({ text: text ?? '' })}
      />
    );
  if (takesList(row.op))
    return (
      <TagsInput
        aria-label="Values"
        placeholder="Values, Enter after each"
        value={row.list}
        onChange={(list) => change({ list })}
      />
    );
  const type = fixedType(row.op) ?? row.type;
  if (type === 'boolean') {
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
      inputMode={type === 'number' ? 'decimal' : 'text'}
      value={row.text}
      onChange={(event) => change({ text: event.currentTarget.value })}
    />
  );
}
