import { Select, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import type { ReportView } from './report-choice.js';

const AGES = [1, 3, 7, 14, 21, 28];

/** Which units count: those in for long enough, or those of a past day, which excludes an age and a segment. */
export function MaturityFields({ view }: { view: ReportView }): ReactElement {
  const chosen = view.maturity === '' || AGES.includes(Number(view.maturity)) ? [] : [view.maturity];
  return (
    <>
      <Select
        label="Maturity"
        w={190}
        allowDeselect={false}
        disabled={view.asOf !== ''}
        data={[
          { value: '', label: 'as each metric needs' },
          ...[...AGES.map(String), ...chosen].map((days) => ({
            value: days,
            label: days === '1' ? 'in for 1 day or more' : `in for ${days} days or more`,
          })),
        ]}
        value={view.maturity}
        onChange={(days) => view.setMaturity(days === '' ? null : days)}
      />
      <TextInput
        label="As of"
        type="date"
        w={150}
        disabled={view.asOf === '' && (view.maturity !== '' || view.segment !== '')}
        value={view.asOf}
        max={new Date().toISOString().slice(0, 10)}
        onChange={(event) => view.setAsOf(event.currentTarget.value || null)}
      />
    </>
  );
}
