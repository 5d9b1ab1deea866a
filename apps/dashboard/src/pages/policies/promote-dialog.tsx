import type { ReactElement } from 'react';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import type { Policy } from '../../api/types.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';

/** Going back freezes learning, going forward doesn't. */
export function verb(version: number, serving: number | null): 'Promote' | 'Roll back' {
  return serving !== null && version < serving ? 'Roll back' : 'Promote';
}

interface PromoteDialogProps {
  policy: Policy;
  version: number;
  close: () => void;
}

export function PromoteDialog({ policy, version, close }: PromoteDialogProps): ReactElement {
  const write = useWrite(['/v1/policies', '/v1/operations']);
  const action = verb(version, policy.servingVersion);
  const path = `/v1/policies/${segment(policy.id)}/${action === 'Promote' ? 'promote' : 'rollback'}`;
  return (
    <ConfirmDialog
      opened
      title={`${action} to snapshot ${version}`}
      confirmLabel={action}
      danger={action === 'Roll back'}
      reason="none"
      pending={write.isPending}
      error={write.error}
      onConfirm={(_reason, overrideGate) =>
        write.mutate(
          { path, body: { version, ...(overrideGate === undefined ? {} : { overrideGate }) } },
          { onSuccess: close },
        )
      }
      onClose={close}
    >
      Every process serves snapshot {version} instead of {policy.servingVersion ?? 'none'} within seconds.
      {action === 'Roll back' ? ' Learning is frozen, so that it stays.' : ''}
    </ConfirmDialog>
  );
}
