import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { ReportView } from './report-choice.js';

/** Lets the reader see lifts that must not be decided on, and go back. */
export function Blocked({ view }: { view: ReportView }): ReactElement {
  return (
    <Button
      variant="default"
      size="compact-sm"
      aria-pressed={view.showAnyway}
      onClick={() => view.setShowAnyway(!view.showAnyway)}
    >
      {view.showAnyway ? 'Grey out again' : 'Show anyway'}
    </Button>
  );
}
