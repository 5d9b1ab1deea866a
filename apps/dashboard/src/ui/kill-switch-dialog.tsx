import type { ReactElement, ReactNode } from 'react';
import { useWrite } from '../api/mutations.js';
import { ConfirmDialog } from './confirm-dialog.js';

interface KillSwitchDialogProps {
  /** What is switched to: defaults everywhere, or experiments again. */
  enable: boolean;
  /** Its title, and what its button says. */
  label: string;
  opened: boolean;
  close: () => void;
  children: ReactNode;
}

/** Asks why, and throws the kill switch of all surfaces. */
export function KillSwitchDialog(props: KillSwitchDialogProps): ReactElement {
  const { enable, label, opened, close, children } = props;
  const write = useWrite(['/v1/operations']);
  const leave = (): void => {
    close();
    write.reset();
  };
  return (
    <ConfirmDialog
      opened={opened}
      title={label}
      confirmLabel={label}
      danger={enable}
      reason="required"
      pending={write.isPending}
      error={write.error}
      onConfirm={(reason) =>
        write.mutate(
          { path: '/v1/operations/kill-switch', body: { enabled: enable, reason } },
          { onSuccess: leave },
        )
      }
      onClose={leave}
    >
      {children}
    </ConfirmDialog>
  );
}
