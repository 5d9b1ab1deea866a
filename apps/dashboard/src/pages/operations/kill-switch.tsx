import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useWrite } from '../../api/mutations.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { Icon } from '../../ui/icon.js';

/** Two clicks and a reason to a safe state. */
export function KillSwitch({ on }: { on: boolean }): ReactElement {
  const [asking, setAsking] = useState(false);
  const write = useWrite(['/v1/operations']);
  const close = (): void => {
    setAsking(false);
    write.reset();
  };
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
      <ConfirmDialog
        opened={asking}
        title={label}
        confirmLabel={label}
        danger={!on}
        reason="required"
        pending={write.isPending}
        error={write.error}
        onConfirm={(reason) =>
          write.mutate(
            { path: '/v1/operations/kill-switch', body: { enabled: !on, reason } },
            { onSuccess: close },
          )
        }
        onClose={close}
      >
        {on
          ? 'Experiments and policies serve again, with the same arms as before.'
          : 'Every surface serves its default to everybody, within seconds. Experiments stop collecting; nothing is deleted, and nobody changes arm when you switch it off.'}
      </ConfirmDialog>
    </>
  );
}
