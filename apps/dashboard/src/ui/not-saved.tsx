import { Alert } from '@mantine/core';
import type { ReactElement } from 'react';

/** Why a write was refused, above the buttons of its form; nothing while there is no error. */
export function NotSaved({ title, error }: { title: string; error: Error | null }): ReactElement | null {
  if (error === null) return null;
  return (
    <Alert color="orange" variant="light" title={title} role="alert">
      {error.message}
    </Alert>
  );
}
