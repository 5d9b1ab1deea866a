import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Icon } from '../../ui/icon.js';
import { KillSwitchDialog } from '../../ui/kill-switch-dialog.js';

/** Two clicks and a reason to a safe state. */
export function KillSwitch({ on }: { on: boolean }): ReactElement {
  const [asking, setAsking] = useState(false);
  const label = on ? 'Serve experiments again' : 'Serve defaults everywhere';
  return (
    <>
      <Button
        variant={on ? 'filled' : 'outline'}
        color={on ? 'blue' : 'orange'}
        leftSection={<Icon name={on ? 'play' : 'shield'} />}
        onClick={() => setAsking(true)}
      >
        {label}
      </Button>
      <KillSwitchDialog enable={!on} label={label} opened={asking} close={() => setAsking(false)}>
        {on
          ? 'Experiments and policies serve again, with the same arms as before.'
          : 'Every surface serves its default to everybody, within seconds. Experiments stop collecting; nothing is deleted, and nobody changes arm when you switch it off.'}
      </KillSwitchDialog>
    </>
  );
}
