import { NumberInput, Select } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Catalog } from '../../api/types.js';
import layout from '../../ui/layout.module.css';
import type { PowerInputs } from './power-request.js';

interface FieldsProps {
  inputs: PowerInputs;
  set: (change: Partial<PowerInputs>) => void;
}

const numeric = (value: number | string): number | null => (typeof value === 'number' ? value : null);

/** What is to be found, how surely, and by which method. */
export function GoalFields({ inputs, set, catalog }: FieldsProps & { catalog: Catalog }): ReactElement {
  return (
    <div className={layout.fields}>
      <NumberInput
        label="Lift to find"
        description="The smallest that matters"
        suffix=" %"
        min={0.01}
        max={1000}
        value={inputs.liftPercent ?? ''}
        onChange={(value) => set({ liftPercent: numeric(value) ?? 0 })}
      />
      <NumberInput
        label="Power"
        description="Chance to find it"
        suffix=" %"
        min={10}
        max={99.9}
        value={inputs.powerPercent}
        onChange={(value) => set({ powerPercent: numeric(value) ?? 80 })}
      />
      <NumberInput
        label="Error"
        description="Two-sided, over all arms"
        suffix=" %"
        min={0.1}
        max={50}
        value={inputs.alphaPercent}
        onChange={(value) => set({ alphaPercent: numeric(value) ?? 5 })}
      />
      <Select
        label="Planned estimator"
        description="Its price is computed"
        allowDeselect={false}
        data={catalog.estimators.map(({ key, title }) => ({ value: key, label: title }))}
        value={inputs.estimator || (catalog.estimators[0]?.key ?? null)}
        onChange={(estimator) => set({ estimator: estimator ?? '' })}
      />
      {inputs.estimator === 'group-sequential' ? (
        <NumberInput
          label="Looks"
          description="Evenly spaced"
          min={1}
          max={20}
          allowDecimal={false}
          value={inputs.looks}
          onChange={(value) => set({ looks: numeric(value) ?? 5 })}
        />
      ) : null}
    </div>
  );
}

/** A guess, where there is no history or instead of it. */
export function GuessFields({ inputs, set, share }: FieldsProps & { share: boolean }): ReactElement {
  return (
    <div className={layout.fields}>
      <NumberInput
        label="Guessed baseline"
        description={share ? 'Share of units' : 'Mean per unit'}
        {...(share ? { suffix: ' %', max: 99.99 } : {})}
        value={inputs.guessMean ?? ''}
        onChange={(value) => set({ guessMean: numeric(value) })}
      />
      {share ? null : (
        <NumberInput
          label="Guessed standard deviation"
          description="Of one unit"
          min={0}
          value={inputs.guessDeviation ?? ''}
          onChange={(value) => set({ guessDeviation: numeric(value) || null })}
        />
      )}
      <NumberInput
        label="Guessed new units a day"
        description="Distinct, at full traffic"
        min={1}
        thousandSeparator=","
        value={inputs.guessPerDay ?? ''}
        onChange={(value) => set({ guessPerDay: numeric(value) || null })}
      />
    </div>
  );
}

/** What makes an experiment smaller or larger than the plain plan. */
export function RefinementFields({ inputs, set }: FieldsProps): ReactElement {
  return (
    <div className={layout.fields}>
      <NumberInput
        label="CUPED correlation"
        description="Empty: from history"
        min={0}
        max={0.99}
        step={0.05}
        value={inputs.correlation ?? ''}
        onChange={(value) => set({ correlation: numeric(value) })}
      />
      <NumberInput
        label="Cluster size"
        description="Units treated alike"
        min={1}
        value={inputs.clusterSize ?? ''}
        onChange={(value) => set({ clusterSize: numeric(value) })}
      />
      <NumberInput
        label="Cluster correlation"
        description="Intraclass, 0 to 1"
        min={0}
        max={1}
        step={0.01}
        value={inputs.clusterCorrelation ?? ''}
        onChange={(value) => set({ clusterCorrelation: numeric(value) })}
      />
      <NumberInput
        label="Ramp"
        description="Share of traffic at first"
        suffix=" %"
        min={0.1}
        max={100}
        value={inputs.rampPercent ?? ''}
        onChange={(value) => set({ rampPercent: numeric(value) || null })}
      />
      <NumberInput
        label="Ramp days"
        min={1}
        max={90}
        allowDecimal={false}
        value={inputs.rampDays ?? ''}
        onChange={(value) => set({ rampDays: numeric(value) || null })}
      />
    </div>
  );
}
