import { Button, NumberInput, Select } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../../api/http.js';
import { useWrite } from '../../../api/mutations.js';
import { usePolicies } from '../../../api/queries.js';
import type { Policy } from '../../../api/types.js';
import { ConfirmDialog } from '../../../ui/confirm-dialog.js';

/** Attaches a shadow to a policy, puts another in its place, or takes it away. */
export function ShadowControl({ policy }: { policy: Policy }): ReactElement {
  const [asked, setAsked] = useState<'attach' | 'detach' | null>(null);
  const close = (): void => setAsked(null);
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={() => setAsked('attach')}>
        {policy.shadow ? 'Change shadow' : 'Attach shadow'}
      </Button>
      {policy.shadow ? (
        <Button variant="default" size="compact-sm" onClick={() => setAsked('detach')}>
          Detach shadow
        </Button>
      ) : null}
      {asked === 'attach' ? <AttachDialog policy={policy} close={close} /> : null}
      {asked === 'detach' ? <DetachDialog policy={policy} close={close} /> : null}
    </>
  );
}

interface DialogProps {
  policy: Policy;
  close: () => void;
}

function useShadowWrite(policy: Policy, close: () => void) {
  const write = useWrite(['/v1/policies']);
  const set = (shadow: { policyId: string; version?: number } | null): void =>
    write.mutate(
      { path: `/v1/policies/${segment(policy.id)}`, method: 'PATCH', body: { shadow } },
      { onSuccess: close },
    );
  return { write, set };
}

function AttachDialog({ policy, close }: DialogProps): ReactElement {
  const policies = usePolicies();
  const [chosen, setChosen] = useState(policy.shadow?.policyId ?? null);
  const [version, setVersion] = useState<number | null>(policy.shadow?.version ?? null);
  const { write, set } = useShadowWrite(policy, close);
  const confirm = (): void => {
    if (chosen !== null) set({ policyId: chosen, ...(version === null ? {} : { version }) });
  };
  return (
    <ConfirmDialog
      opened
      title="Attach a shadow"
      confirmLabel="Attach shadow"
      reason="none"
      pending={write.isPending}
      error={write.error}
      onConfirm={confirm}
      onClose={close}
    >
      It is asked about every decision from now on. Its choice and its probabilities are kept, and nothing of
      it is served. It does not learn from what it did not serve.
      <Select
        label="Policy"
        mt="sm"
        required
        searchable
        data={(policies.data?.items ?? []).map(({ id, title }) => ({ value: id, label: title || id }))}
        value={chosen}
        onChange={setChosen}
      />
      <NumberInput
        label="Snapshot"
        description="Empty: whichever serves at the time. A policy can shadow itself in an earlier snapshot."
        mt="sm"
        min={1}
        allowDecimal={false}
        value={version ?? ''}
        onChange={(next) => setVersion(typeof next === 'number' ? next : null)}
      />
    </ConfirmDialog>
  );
}

function DetachDialog({ policy, close }: DialogProps): ReactElement {
  const { write, set } = useShadowWrite(policy, close);
  return (
    <ConfirmDialog
      opened
      title="Detach the shadow"
      confirmLabel="Detach shadow"
      reason="none"
      pending={write.isPending}
      error={write.error}
      onConfirm={() => set(null)}
      onClose={close}
    >
      {policy.shadow?.policyId ?? 'It'} is no longer asked. What it answered so far is kept with the
      decisions.
    </ConfirmDialog>
  );
}
