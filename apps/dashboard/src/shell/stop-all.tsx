import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useOperations } from '../api/queries.js';
import { Icon } from '../ui/icon.js';
import { KillSwitchDialog } from '../ui/kill-switch-dialog.js';

const LABEL = 'Stop all traffic';

/** On every page: everybody gets the defaults, in two clicks and a reason. Gone while it is so. */
export function StopAll(): ReactElement | null {
  const { data } = useOperations();
  const [asking, setAsking] = useState(false);
  if (data === undefined || (data.killSwitch && !asking)) return null;
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<Icon name="shield" size={14} />}
        onClick={() => setAsking(true)}
      >
        {LABEL}
      </Button>
      <KillSwitchDialog enable label={LABEL} opened={asking} close={() => setAsking(false)}>
        Every surface serves its default to everybody, within seconds: no experiment and no policy. Nothing is
        deleted, nobody changes arm, and Operations switches it back.
      </KillSwitchDialog>
    </>
  );
}
