import { Button, NumberInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import type { Policy } from '../../api/types.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { Icon } from '../../ui/icon.js';

/** Raises or lowers the least probability of every candidate. */
export function FloorControl({ policy }: { policy: Policy }): ReactElement {
  const [floor, setFloor] = useState<number | null>(null);
  const write = useWrite(['/v1/policies']);
  const close = (): void => {
    setFloor(null);
    write.reset();
  };
  const confirm = (_reason: string, overrideGate?: string): void =>
    write.mutate(
      {
        path: `/v1/policies/${segment(policy.id)}`,
        method: 'PATCH',
        version: policy.revision,
        body: { floor, ...(overrideGate === undefined ? {} : { overrideGate }) },
      },
      { onSuccess: close },
    );
  return (
    <>
      <Button
        variant="default"
        leftSection={<Icon name="policies" size={14} />}
        onClick={() => setFloor(policy.floor)}
      >
        Exploration
      </Button>
      {floor === null ? null : (
        <ConfirmDialog
          opened
          title="How much to explore"
          confirmLabel="Set floor"
          reason="none"
          pending={write.isPending}
          error={write.error}
          onConfirm={confirm}
          onClose={close}
        >
          Every candidate is served with at least this probability, at once and without learning anew. With K
          candidates a floor f gives K times f of the decisions to chance.
          <NumberInput
            label="Floor"
            mt="sm"
            min={0}
            max={0.5}
            step={0.01}
            decimalScale={4}
            value={floor}
            onChange={(next) => setFloor(typeof next === 'number' ? next : 0)}
          />
        </ConfirmDialog>
      )}
    </>
  );
}
