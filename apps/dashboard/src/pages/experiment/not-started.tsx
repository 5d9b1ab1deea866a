import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import type { Experiment } from '../../api/types.js';
import panel from '../../ui/panel.module.css';
import { StateMessage } from '../../ui/state-message.js';

export function NotStarted({ experiment }: { experiment: Experiment }): ReactElement {
  return (
    <div className={panel.panel}>
      <StateMessage
        icon="draft"
        title="This experiment has not started"
        action={
          <Button component={Link} to={`/experiments/${experiment.key}`} variant="default">
            See the checklist
          </Button>
        }
      >
        Nobody has been assigned to an arm, so there is nothing to compare.
      </StateMessage>
    </div>
  );
}
