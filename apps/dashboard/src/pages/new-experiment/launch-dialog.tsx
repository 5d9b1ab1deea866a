import { Text } from '@mantine/core';
import type { ReactElement } from 'react';
import { useChecklist } from '../../api/lifecycle.js';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import type { Experiment } from '../../api/types.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { LaunchChecks } from '../experiment/lifecycle-panels/launch-panel.js';

interface LaunchDialogProps {
  /** The saved draft. */
  experiment: Experiment;
  started: () => void;
  close: () => void;
}

/** The last step of the form: the draft is saved, the checks are read, one click starts it. */
export function LaunchDialog({ experiment, started, close }: LaunchDialogProps): ReactElement {
  const checks = useChecklist(experiment.key);
  const start = useWrite<Experiment>(['/v1/experiments', '/v1/layers']);
  const path = `/v1/experiments/${segment(experiment.key)}/start`;
  const blocked = checks.data?.ready === false;
  return (
    <ConfirmDialog
      opened
      size="lg"
      title={`Start: ${experiment.title}`}
      confirmLabel="Start now"
      reason="none"
      blocked={blocked}
      pending={start.isPending}
      error={start.error}
      onConfirm={(_reason, overrideGate) =>
        start.mutate(
          { path, version: experiment.version, body: overrideGate === undefined ? {} : { overrideGate } },
          { onSuccess: started },
        )
      }
      onClose={close}
    >
      <Text size="sm" mb="sm">
        {blocked
          ? 'The draft is saved. It can start once everything that is needed is there.'
          : 'The draft is saved. Its units get their arms within seconds of the start.'}
      </Text>
      <LaunchChecks query={checks} />
    </ConfirmDialog>
  );
}
