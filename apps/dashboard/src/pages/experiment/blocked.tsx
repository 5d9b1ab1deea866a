import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import type { ReportView } from './report-choice.js';

/** Lets the reader see lifts that must not be decided on, and go back. Looking is noted in the audit log. */
export function Blocked({ view, experimentKey }: { view: ReportView; experimentKey: string }): ReactElement {
  const write = useWrite([]);
  const toggle = (): void => {
    if (!view.showAnyway)
      write.mutate({ path: `/v1/experiments/${segment(experimentKey)}/health/show-blocked` });
    view.setShowAnyway(!view.showAnyway);
  };
  return (
    <Button variant="default" size="compact-sm" aria-pressed={view.showAnyway} onClick={toggle}>
      {view.showAnyway ? 'Grey out again' : 'Show anyway'}
    </Button>
  );
}
