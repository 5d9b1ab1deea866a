import { Alert } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Report } from '../../api/types.js';

/** Said where a view is of all units together while the headline is combined allocation by allocation. */
export function PooledNote({ report }: { report: Report | undefined }): ReactElement | null {
  const combined = report?.results.some(({ periods }) => periods !== null && periods !== undefined);
  if (combined !== true) return null;
  return (
    <Alert color="orange" variant="light" title="Weights changed while it ran">
      This view pools all units, whatever the weights were when they entered, so it can differ from the
      results, which are combined allocation by allocation.
    </Alert>
  );
}
