import { NumberInput, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import layout from '../../ui/layout.module.css';
import { ConditionRows } from './condition-rows.js';
import type { Problems, SectionProps } from './field-props.js';
import type { MeasureDraft, SelectionDraft } from './metric-draft.js';
import { FOLD, choices } from './words.js';

interface SelectionFieldsProps<T extends SelectionDraft> {
  /** Pointer of the selection, e.g. `/numerator`. */
  at: string;
  label: string;
  value: T;
  problems: Problems;
  outcomes: SectionProps['outcomes'];
  onChange: (change: Partial<SelectionDraft>) => void;
}

/** Which events count. */
export function SelectionFields<T extends SelectionDraft>(props: SelectionFieldsProps<T>): ReactElement {
  const { at, label, value, problems, outcomes, onChange } = props;
  return (
    <>
      <TagsInput
        label={label}
        description="Any of these counts; others that your clients send may be typed"
        data={[...outcomes]}
        error={problems[`${at}/events`]}
        value={value.events}
        onChange={(events) => onChange({ events })}
      />
      <ConditionRows
        at={`${at}/where`}
        rows={value.where}
        problems={problems}
        onChange={(where) => onChange({ where })}
      />
    </>
  );
}

interface MeasureFieldsProps {
  at: string;
  value: MeasureDraft;
  folds: readonly string[];
  problems: Problems;
  outcomes: SectionProps['outcomes'];
  set: (change: Partial<MeasureDraft>) => void;
}

const numberOrNull = (value: string | number): number | null => (typeof value === 'number' ? value : null);

/** How the events of one unit become one number. */
export function MeasureFields({
  at,
  value,
  folds,
  problems,
  outcomes,
  set,
}: MeasureFieldsProps): ReactElement {
  return (
    <Stack gap="md">
      <div className={layout.fields}>
        <Select
          label="What is counted"
          data={choices(FOLD, [...folds])}
          error={problems[`${at}/fold`]}
          allowDeselect={false}
          value={value.fold}
          onChange={(fold) => set({ fold: (fold ?? value.fold) as MeasureDraft['fold'] })}
        />
        <Select
          label="Of which events"
          data={[
            { value: 'unit', label: 'All of the unit' },
            { value: 'decision', label: 'From what was decided' },
          ]}
          allowDeselect={false}
          value={value.scope}
          onChange={(scope) => set({ scope: (scope ?? value.scope) as MeasureDraft['scope'] })}
        />
        {value.scope === 'decision' && value.fold !== 'exposures' ? (
          <NumberInput
            label="Within hours of the decision"
            description="Empty: at any time"
            min={0}
            error={problems[`${at}/withinHours`]}
            value={value.withinHours ?? ''}
            onChange={(hours) => set({ withinHours: numberOrNull(hours) })}
          />
        ) : null}
        {value.fold === 'sum' ? (
          <TextInput
            label="Property to add up"
            description="Empty: the value of the event"
            error={problems[`${at}/field`]}
            value={value.field}
            onChange={(event) => set({ field: event.currentTarget.value })}
          />
        ) : null}
      </div>
      {value.fold === 'exposures' ? (
        <ConditionRows
          at={`${at}/where`}
          rows={value.where}
          problems={problems}
          onChange={(where) => set({ where })}
        />
      ) : (
        <SelectionFields
          at={at}
          label="Outcomes"
          value={value}
          problems={problems}
          outcomes={outcomes}
          onChange={set}
        />
      )}
      <WindowFields at={at} value={value} problems={problems} set={set} />
    </Stack>
  );
}

function WindowFields({
  at,
  value,
  problems,
  set,
}: Pick<MeasureFieldsProps, 'at' | 'value' | 'problems' | 'set'>): ReactElement {
  return (
    <div className={layout.fields}>
      <NumberInput
        label="From day"
        description="After first exposure, from 0"
        min={0}
        value={value.from ?? ''}
        onChange={(from) => set({ from: numberOrNull(from) })}
      />
      <NumberInput
        label="Before day"
        description="The first day that no longer counts"
        min={0}
        error={problems[`${at}/days`]}
        value={value.to ?? ''}
        onChange={(to) => set({ to: numberOrNull(to) })}
      />
      {value.fold === 'first' || value.fold === 'any' ? null : (
        <NumberInput
          label="Divide by"
          description="60 makes minutes of seconds"
          min={0}
          error={problems[`${at}/scale`]}
          value={value.divideBy ?? ''}
          onChange={(divideBy) => set({ divideBy: divideBy === 0 ? null : numberOrNull(divideBy) })}
        />
      )}
    </div>
  );
}
