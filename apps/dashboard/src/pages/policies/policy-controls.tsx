import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useManagedBy } from '../../api/config-files.js';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import type { Policy } from '../../api/types.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { Icon } from '../../ui/icon.js';
import { FloorControl } from './floor-control.js';
import { EditDialog } from './setup/edit-dialog.js';

type Control = 'freeze' | 'unfreeze' | 'rollback';

const TEXT: Record<Control, { title: string; label: string; effect: string }> = {
  freeze: {
    title: 'Freeze learning',
    label: 'Freeze',
    effect:
      'The serving snapshot stays as it is. Rewards are still recorded and are learned from once you unfreeze it.',
  },
  unfreeze: {
    title: 'Resume learning',
    label: 'Unfreeze',
    effect: 'It learns again, beginning with the rewards that waited.',
  },
  rollback: {
    title: 'Roll back to the previous snapshot',
    label: 'Roll back',
    effect:
      'Every process serves the previous accepted snapshot within seconds. Learning is frozen, so that it stays.',
  },
};

/** Edit, explore more or less, freeze, unfreeze and roll back. What files manage is operated here, and not edited. */
export function PolicyControls({ policy }: { policy: Policy }): ReactElement {
  const [editing, setEditing] = useState(false);
  const managed = useManagedBy('policy', policy.id);
  return (
    <>
      {managed === null ? (
        <Button
          variant="default"
          leftSection={<Icon name="policies" size={14} />}
          onClick={() => setEditing(true)}
        >
          Edit
        </Button>
      ) : null}
      {policy.learns === 'never' ? null : <LearningControls policy={policy} managed={managed !== null} />}
      {editing ? <EditDialog policy={policy} close={() => setEditing(false)} /> : null}
    </>
  );
}

interface LearningControlsProps {
  policy: Policy;
  /** Files say how much it explores. */
  managed: boolean;
}

function LearningControls({ policy, managed }: LearningControlsProps): ReactElement {
  const [chosen, setChosen] = useState<Control | null>(null);
  const write = useWrite(['/v1/policies', '/v1/operations']);
  const close = (): void => {
    setChosen(null);
    write.reset();
  };
  const confirm = (): void =>
    write.mutate({ path: `/v1/policies/${segment(policy.id)}/${chosen ?? ''}` }, { onSuccess: close });
  const toggle: Control = policy.learning ? 'freeze' : 'unfreeze';
  return (
    <>
      {managed ? null : <FloorControl policy={policy} />}
      <Button
        variant="default"
        leftSection={<Icon name={policy.learning ? 'snow' : 'play'} size={14} />}
        onClick={() => setChosen(toggle)}
      >
        {TEXT[toggle].label}
      </Button>
      <Button
        variant="default"
        leftSection={<Icon name="rollback" size={14} />}
        disabled={(policy.servingVersion ?? 0) < 2}
        onClick={() => setChosen('rollback')}
      >
        Roll back
      </Button>
      {chosen === null ? null : (
        <ConfirmDialog
          opened
          title={TEXT[chosen].title}
          confirmLabel={TEXT[chosen].label}
          reason="none"
          danger={chosen === 'rollback'}
          pending={write.isPending}
          error={write.error}
          onConfirm={confirm}
          onClose={close}
        >
          {TEXT[chosen].effect}
        </ConfirmDialog>
      )}
    </>
  );
}
