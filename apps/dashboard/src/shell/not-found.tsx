import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { PageHeader } from '../ui/page-header.js';
import { StateMessage } from '../ui/state-message.js';

export function NotFound(): ReactElement {
  return (
    <>
      <PageHeader title="Page not found" />
      <StateMessage
        title="There is nothing at this address"
        action={
          <Button component={Link} to="/experiments">
            Go to experiments
          </Button>
        }
      >
        It may have been renamed, or the link is incomplete.
      </StateMessage>
    </>
  );
}
