import { NumberInput, Select } from '@mantine/core';
import type { ReactElement } from 'react';
import type { ReportSetting } from '../../api/queries.js';
import type { ReportView } from './report-choice.js';

const DIFFERENCES = [
  { value: 'relative', label: 'Relative' },
  { value: 'absolute', label: 'Absolute' },
  { value: 'scaled', label: 'Scaled impact' },
];

const CORRECTIONS = [
  { value: '', label: 'By role' },
  { value: 'holm', label: 'Holm' },
  { value: 'hochberg', label: 'Hochberg' },
  { value: 'hommel', label: 'Hommel' },
  { value: 'fdr_bh', label: 'Benjamini-Hochberg' },
  { value: 'fdr_by', label: 'Benjamini-Yekutieli' },
  { value: 'none', label: 'None' },
];

const FAMILIES = [
  { value: '', label: 'Metrics of a role' },
  { value: 'metric', label: 'Arms of a metric' },
  { value: 'all', label: 'Everything' },
];

const GUARDRAILS = [
  { value: '', label: 'Not worse' },
  { value: 'equivalence', label: 'Not worse nor better' },
];

const SPENDING = [
  { value: '', label: 'O’Brien-Fleming' },
  { value: 'pocock', label: 'Pocock' },
];

/** Difference type, correction and family, test of guardrails, and what the chosen estimator needs. */
export function ReportSettingsFields({
  view,
  estimator,
}: {
  view: ReportView;
  estimator: string;
}): ReactElement {
  const choose = (name: ReportSetting) => (value: string | null) => view.set(name, value);
  return (
    <>
      <Select
        label="Difference"
        w={150}
        allowDeselect={false}
        data={DIFFERENCES}
        value={view.difference}
        onChange={(kind) => view.setDifference(kind === 'relative' ? null : kind)}
      />
      <Select
        label="Correction"
        w={190}
        allowDeselect={false}
        data={CORRECTIONS}
        value={view.settings.multiplicity ?? ''}
        onChange={choose('multiplicity')}
      />
      <Select
        label="Corrected together"
        w={180}
        allowDeselect={false}
        data={FAMILIES}
        value={view.settings.family ?? ''}
        onChange={choose('family')}
      />
      <Select
        label="Guardrails"
        w={190}
        allowDeselect={false}
        data={GUARDRAILS}
        value={view.settings.guardrailTest ?? ''}
        onChange={choose('guardrailTest')}
      />
      {estimator === 'group-sequential' ? <LookFields view={view} /> : null}
      {estimator === 'bayesian' ? (
        <NumberInput
          label="Prior of the lift"
          description="Standard deviation in %; empty: flat"
          w={210}
          min={0.1}
          max={1000}
          value={view.settings.priorLiftSd === null ? '' : Number(view.settings.priorLiftSd) * 100}
          onChange={(value) =>
            view.set('priorLiftSd', typeof value === 'number' && value > 0 ? String(value / 100) : null)
          }
        />
      ) : null}
    </>
  );
}

function LookFields({ view }: { view: ReportView }): ReactElement {
  return (
    <>
      <NumberInput
        label="Planned looks"
        w={130}
        min={1}
        max={20}
        allowDecimal={false}
        value={view.settings.looks ?? ''}
        onChange={(value) => view.set('looks', typeof value === 'number' ? String(value) : null)}
      />
      <Select
        label="Error spending"
        w={170}
        allowDeselect={false}
        data={SPENDING}
        value={view.settings.spending ?? ''}
        onChange={(value) => view.set('spending', value)}
      />
    </>
  );
}
