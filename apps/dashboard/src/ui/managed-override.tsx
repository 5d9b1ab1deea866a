import { Button, Radio, Stack } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useFilesOf } from '../api/config-files.js';
import type { ManagedKind } from '../api/config-files.js';
import { useWrite } from '../api/mutations.js';
import { setOverride, useOverride } from '../api/override.js';
import { ConfirmDialog } from './confirm-dialog.js';

interface ManagedOverrideProps {
  kind: ManagedKind;
  of: string;
  title: string;
  /** Nothing of it can be changed here: its files can only let go of it. */
  fixed?: boolean;
}

/** Lets something that files manage be changed here with a reason, or for good; nothing where no file has it. */
export function ManagedOverride({
  kind,
  of,
  title,
  fixed = false,
}: ManagedOverrideProps): ReactElement | null {
  const [asking, setAsking] = useState(false);
  const files = useFilesOf(kind, of);
  const override = useOverride();
  if (files === null) return null;
  if (override?.kind === kind && override.key === of)
    return (
      <span>
        You change it by hand: “{override.reason}”.{' '}
        <Button variant="default" size="compact-sm" onClick={() => setOverride(null)}>
          Lock again
        </Button>
      </span>
    );
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        aria-label={`${fixed ? 'Release' : 'Change by hand'}: ${title}`}
        onClick={() => setAsking(true)}
      >
        {fixed ? 'Release' : 'Change by hand'}
      </Button>
      {asking ? (
        <OverrideDialog kind={kind} of={of} title={title} fixed={fixed} close={() => setAsking(false)} />
      ) : null}
    </>
  );
}

function OverrideDialog({
  kind,
  of,
  title,
  fixed = false,
  close,
}: ManagedOverrideProps & { close: () => void }): ReactElement {
  const [way, setWay] = useState(fixed ? 'release' : 'once');
  const write = useWrite(['/v1/config', '/v1/experiments']);
  const confirm = (reason: string): void => {
    if (way === 'release')
      return write.mutate(
        { path: '/v1/config/release', body: { kind, key: of, reason } },
        { onSuccess: close },
      );
    setOverride({ kind, key: of, reason });
    close();
  };
  return (
    <ConfirmDialog
      opened
      title={fixed ? `Release ${title} from its files` : `Change ${title} by hand`}
      confirmLabel={way === 'release' ? 'Release' : 'Unlock'}
      reason="required"
      pending={write.isPending}
      error={write.error}
      onConfirm={confirm}
      onClose={close}
    >
      {fixed ? (
        <p>It can be changed through the API from then on, until files that hold it are applied again.</p>
      ) : (
        <Ways way={way} setWay={setWay} />
      )}
    </ConfirmDialog>
  );
}

function Ways({ way, setWay }: { way: string; setWay: (way: string) => void }): ReactElement {
  return (
    <Radio.Group label="What becomes of its files" value={way} onChange={setWay}>
      <Stack gap="xs" mt="xs">
        <Radio
          value="once"
          label="They stay in charge"
          description="You can change it until you lock it again or load the page anew. The next plan shows what differs, and the next apply puts it back."
        />
        <Radio
          value="release"
          label="They let go of it"
          description="It is changed here from now on, until files that hold it are applied again."
        />
      </Stack>
    </Radio.Group>
  );
}
