import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useWrite } from '../api/mutations.js';
import { useOperations } from '../api/queries.js';
import { ConfirmDialog } from '../ui/confirm-dialog.js';
import { Icon } from '../ui/icon.js';

const LABEL = 'Stop all traffic';

/** On every page: everybody gets the defaults, in two clicks and a reason. Gone while it is so. */
export function StopAll(): ReactElement | null {
  const { data } = useOperations();
  const [asking, setAsking] = useState(false);
  const write = useWrite(['/v1/operations']);
  const close = (): void => {
    setAsking(false);
    write.reset();
  };
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
      <ConfirmDialog
        opened={asking}
        title={LABEL}
        confirmLabel={LABEL}
        danger
        reason="required"
        pending={write.isPending}
        error={write.error}
        onConfirm={(reason) =>
          write.mutate(
            { path: '/v1/operations/kill-switch', body: { enabled: true, reason } },
            { onSuccess: close },
          )
        }
        onClose={close}
      >
        Every surface serves its default to everybody, within seconds: no experiment and no policy. Nothing is
        deleted, nobody changes arm, and Operations switches it back.
      </ConfirmDialog>
    </>
  );
}
