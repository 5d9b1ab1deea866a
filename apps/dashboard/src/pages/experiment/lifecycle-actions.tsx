import { Button, Select } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useWrite } from '../../api/mutations.js';
import { segment } from '../../api/http.js';
import type { Experiment } from '../../api/types.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { Icon } from '../../ui/icon.js';
import { actionsFor } from './lifecycle.js';
import type { ActionEntry } from './lifecycle.js';

/** Buttons of what may be done now; each says what it means and asks before doing it. */
export function LifecycleActions({ experiment }: { experiment: Experiment }): ReactElement {
  const [chosen, setChosen] = useState<ActionEntry | null>(null);
  return (
    <>
      {actionsFor(experiment.status).map((entry) => (
        <Button
          key={entry.action}
          variant={entry.primary === true ? 'filled' : 'default'}
          size="sm"
          leftSection={<Icon name={entry.icon} size={14} />}
          onClick={() => setChosen(entry)}
        >
          {entry.label}
        </Button>
      ))}
      {chosen === null ? null : (
        <ActionDialog experiment={experiment} entry={chosen} close={() => setChosen(null)} />
      )}
    </>
  );
}

interface ActionDialogProps {
  experiment: Experiment;
  entry: ActionEntry;
  close: () => void;
}

function ActionDialog({ experiment, entry, close }: ActionDialogProps): ReactElement {
  const write = useWrite<Experiment>(['/v1/experiments']);
  const [arm, setArm] = useState(experiment.arms.find((candidate) => !candidate.isControl)?.key ?? '');
  const confirm = (reason: string, overrideGate?: string): void => {
    const body = {
      ...(entry.action === 'ship' ? { arm } : {}),
      ...(reason === '' ? {} : { reason }),
      ...(overrideGate === undefined ? {} : { overrideGate }),
    };
    write.mutate(
      {
        path: `/v1/experiments/${segment(experiment.key)}/${entry.action}`,
        body,
        version: experiment.version,
      },
      { onSuccess: close },
    );
  };
  return (
    <ConfirmDialog
      opened
      title={`${entry.label}: ${experiment.title}`}
      confirmLabel={entry.label}
      danger={entry.danger ?? false}
      reason={entry.reason}
      pending={write.isPending}
      error={write.error}
      onConfirm={confirm}
      onClose={close}
    >
      {entry.effect}
      {entry.action === 'ship' ? (
        <Select
          mt="md"
          label="Arm to ship"
          data={experiment.arms.map((candidate) => ({ value: candidate.key, label: candidate.title }))}
          value={arm}
          onChange={(next) => setArm(next ?? arm)}
        />
      ) : null}
    </ConfirmDialog>
  );
}
