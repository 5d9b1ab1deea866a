import { Button, NumberInput, Select, Stack } from '@mantine/core';
import type { ReactElement } from 'react';
import { Icon } from '../../ui/icon.js';
import { Panel } from '../../ui/panel.js';
import type { SectionProps } from './field-props.js';
import { MeasureFields, SelectionFields } from './measure-fields.js';
import { FOLDS, emptySelection } from './metric-draft.js';
import styles from './metrics.module.css';

const RETENTION = [
  { value: 'day', label: 'On one day' },
  { value: 'window', label: 'On any of several days' },
  { value: 'rolling', label: 'On a day or later, until the unit matures' },
];

const MOST_STEPS = 4;

/** What of the events is measured; what is asked depends on the kind. */
export function MeasureSection(props: SectionProps): ReactElement {
  const { draft, set, problems, outcomes } = props;
  const measure = (
    <MeasureFields
      at="/numerator"
      value={draft.numerator}
      folds={FOLDS[draft.kind]}
      problems={problems}
      outcomes={outcomes}
      set={(change) => set({ numerator: { ...draft.numerator, ...change } })}
    />
  );
  return (
    <Panel title="What it measures">
      <Stack gap="md">
        {draft.kind === 'funnel' ? <Steps {...props} /> : null}
        {draft.kind === 'quantile' ? (
          <NumberInput
            label="Quantile"
            description="Share of units that stay below"
            suffix=" %"
            min={0}
            max={100}
            w={220}
            error={problems['/quantile']}
            value={draft.quantile ?? ''}
            onChange={(quantile) => set({ quantile: typeof quantile === 'number' ? quantile : null })}
          />
        ) : null}
        {draft.kind === 'retention' ? (
          <Select
            label="Days"
            data={RETENTION}
            allowDeselect={false}
            error={problems['/retention']}
            value={draft.retention}
            onChange={(rule) => set({ retention: (rule ?? 'day') as typeof draft.retention })}
          />
        ) : null}
        {draft.kind === 'ratio' || draft.kind === 'funnel' ? (
          <fieldset className={styles.group}>
            <legend>{draft.kind === 'ratio' ? 'Numerator' : 'This step'}</legend>
            {measure}
          </fieldset>
        ) : (
          measure
        )}
        {draft.kind === 'ratio' ? (
          <fieldset className={styles.group}>
            <legend>Denominator</legend>
            <MeasureFields
              at="/denominator"
              value={draft.denominator}
              folds={FOLDS.ratio}
              problems={problems}
              outcomes={outcomes}
              set={(change) => set({ denominator: { ...draft.denominator, ...change } })}
            />
          </fieldset>
        ) : null}
      </Stack>
    </Panel>
  );
}

/** The steps before, in order. */
function Steps({ draft, set, problems, outcomes }: SectionProps): ReactElement {
  const { after } = draft;
  return (
    <>
      {after.map((step, index) => (
        <fieldset key={step.id} className={styles.group}>
          <legend>Step {index + 1}</legend>
          <Stack gap="md">
            <SelectionFields
              at={`/after/${index}`}
              label={`Outcomes of step ${index + 1}`}
              value={step}
              problems={problems}
              outcomes={outcomes}
              onChange={(change) =>
                set({ after: after.map((one) => (one.id === step.id ? { ...one, ...change } : one)) })
              }
            />
            {after.length > 1 ? (
              <div>
                <Button
                  variant="subtle"
                  size="xs"
                  onClick={() => set({ after: after.filter((one) => one.id !== step.id) })}
                >
                  Remove step {index + 1}
                </Button>
              </div>
            ) : null}
          </Stack>
        </fieldset>
      ))}
      {after.length < MOST_STEPS ? (
        <div>
          <Button
            variant="default"
            size="xs"
            leftSection={<Icon name="plus" size={14} />}
            onClick={() => set({ after: [...after, emptySelection()] })}
          >
            Add step
          </Button>
        </div>
      ) : null}
    </>
  );
}
