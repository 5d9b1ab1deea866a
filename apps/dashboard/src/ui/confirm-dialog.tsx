import { Alert, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import type { MantineSize } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useState } from 'react';
import type { ApiError } from '../api/http.js';
import { GateRefusal, gateRefusal, isReason } from './gate-refusal.js';

interface ConfirmDialogProps {
  opened: boolean;
  title: string;
  /** What will happen to whom. */
  children: ReactNode;
  confirmLabel: string;
  danger?: boolean;
  size?: MantineSize;
  /** It cannot be done yet; the children say why. */
  blocked?: boolean;
  /** Ask why; the words go to the audit log. */
  reason?: 'required' | 'optional' | 'none';
  pending: boolean;
  error: Error | null;
  /**
   * @param reason empty where none was asked for or given.
   * @param overrideGate why to go past the off-policy gate; given only after the gate has refused.
   */
  onConfirm: (reason: string, overrideGate?: string) => void;
  onClose: () => void;
}

/** Says what will happen, asks for a reason, and stays open with the error if it failed. */
export function ConfirmDialog(props: ConfirmDialogProps): ReactElement {
  const { opened, title, onClose, size = 'md' } = props;
  return (
    <Modal opened={opened} onClose={onClose} size={size} title={<Text fw={620}>{title}</Text>}>
      {opened ? <ConfirmForm {...props} /> : null}
    </Modal>
  );
}

/** The refusal of the gate stays while the request is sent again, so that its field does not go away. */
function useGate(error: Error | null): {
  refusal: ApiError | null;
  why: string;
  setWhy: (why: string) => void;
} {
  const [refusal, setRefusal] = useState<ApiError | null>(null);
  const [why, setWhy] = useState('');
  const now = gateRefusal(error);
  if (now !== null && now !== refusal) setRefusal(now);
  return { refusal, why, setWhy };
}

function Failure({ error }: { error: Error | null }): ReactElement | null {
  if (error === null || gateRefusal(error) !== null) return null;
  return (
    <Alert color="orange" variant="light" title="That did not work" role="alert">
      {error.message}
    </Alert>
  );
}

function ConfirmForm(props: ConfirmDialogProps): ReactElement {
  const {
    children,
    confirmLabel,
    danger = false,
    reason = 'optional',
    blocked = false,
    pending,
    error,
    onConfirm,
    onClose,
  } = props;
  const [words, setWords] = useState('');
  const { refusal, why, setWhy } = useGate(error);
  const unsaid = reason === 'required' && words.trim() === '';
  const missing = [blocked, unsaid, refusal !== null && !isReason(why)].some(Boolean);
  const confirm = (): void =>
    refusal === null ? onConfirm(words.trim()) : onConfirm(words.trim(), why.trim());
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!missing) confirm();
      }}
    >
      <Stack gap="md">
        <Text size="sm" component="div">
          {children}
        </Text>
        {reason === 'none' ? null : (
          <Textarea
            label="Reason"
            description="Kept in the audit log"
            required={reason === 'required'}
            autosize
            minRows={2}
            maxLength={500}
            value={words}
            onChange={(event) => setWords(event.currentTarget.value)}
            data-autofocus
          />
        )}
        {refusal === null ? null : <GateRefusal refusal={refusal} reason={why} onReason={setWhy} />}
        <Failure error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            color={danger || refusal !== null ? 'orange' : 'blue'}
            loading={pending}
            disabled={missing}
          >
            {refusal === null ? confirmLabel : `${confirmLabel} past the gate`}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
