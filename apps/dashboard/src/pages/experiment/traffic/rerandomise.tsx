import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../../api/http.js';
import { useWrite } from '../../../api/mutations.js';
import { useManagedBy } from '../../../api/config-files.js';
import { useRead } from '../../../api/queries.js';
import type { Experiment } from '../../../api/types.js';
import { count } from '../../../format/index.js';
import { ConfirmDialog } from '../../../ui/confirm-dialog.js';

interface Effect {
  version: number;
  units: number;
  moving: number;
  leaving: number;
  phase: number;
}

/** Deals the units of a live experiment anew, once it has said how many move. What files manage is not changed here. */
export function Rerandomise({ experiment }: { experiment: Experiment }): ReactElement | null {
  const [open, setOpen] = useState(false);
  const managed = useManagedBy('experiment', experiment.key);
  if (managed !== null) return null;
  if (experiment.status !== 'running' && experiment.status !== 'paused') return null;
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setOpen(true)}>
        Randomise anew
      </Button>
      {open ? <Dialog experiment={experiment} close={() => setOpen(false)} /> : null}
    </>
  );
}

function Dialog({ experiment, close }: { experiment: Experiment; close: () => void }): ReactElement {
  const path = `/v1/experiments/${segment(experiment.key)}/rerandomise`;
  const { data } = useRead<Effect>(path);
  const write = useWrite<Experiment>(['/v1/experiments']);
  return (
    <ConfirmDialog
      opened
      title={`Randomise anew: ${experiment.title}`}
      confirmLabel="Randomise anew"
      danger
      reason="required"
      pending={write.isPending || data === undefined}
      error={write.error}
      onConfirm={(reason) =>
        write.mutate(
          { path, body: { reason }, version: data?.version ?? experiment.version },
          { onSuccess: close },
        )
      }
      onClose={close}
    >
      {data === undefined
        ? 'Looking up who is in the experiment.'
        : `Of ${count(data.units)} units in the experiment about ${count(data.moving)} get another arm${data.leaving === 0 ? '' : ` and about ${count(data.leaving)} fall out`}. Phase ${data.phase} begins, and the report starts anew: what was counted so far is no longer shown. Decisions and events stay as they are. This cannot be taken back.`}
    </ConfirmDialog>
  );
}
