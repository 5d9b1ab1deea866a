import { Select, TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { useCatalog } from '../../api/queries.js';
import layout from '../../ui/layout.module.css';
import { MaturityFields } from './maturity-fields.js';
import type { ReportView } from './report-choice.js';
import { ReportSettingsFields } from './report-settings.js';

/** Estimator, segment and settings of the report; all live in the address. */
export function ReportToolbar({ view }: { view: ReportView }): ReactElement {
  const estimators = useCatalog().data?.estimators ?? [];
  const used = view.query.data?.estimator ?? '';
  return (
    <div className={layout.toolbar}>
      <Select
        label="Estimator"
        w={280}
        data={estimators.map((estimator) => ({ value: estimator.key, label: estimator.title }))}
        value={view.estimator || used || null}
        onChange={view.setEstimator}
      />
      <SegmentField key={view.segment} view={view} />
      <MaturityFields view={view} />
      <ReportSettingsFields view={view} estimator={view.estimator || used} />
    </div>
  );
}

/** A segment is one attribute with one value, as known at the first exposure. */
function SegmentField({ view }: { view: ReportView }): ReactElement {
  const [text, setText] = useState(view.segment);
  const valid = text === '' || /^[^:]+:.+$/.test(text);
  const apply = (event: FormEvent): void => {
    event.preventDefault();
    if (valid) view.setSegment(text || null);
  };
  return (
    <form onSubmit={apply} onBlur={apply}>
      <TextInput
        label="Segment"
        placeholder="all units, or device:tv"
        w={220}
        value={text}
        // A segment already in the address stays editable, so that it can be taken away.
        disabled={view.asOf !== '' && view.segment === ''}
        error={valid ? undefined : 'Write attribute:value'}
        onChange={(event) => setText(event.currentTarget.value)}
      />
    </form>
  );
}
