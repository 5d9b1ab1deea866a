import { Alert, Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useState } from 'react';

interface ConfirmDialogProps {
  opened: boolean;
  title: string;
  /** What will happen to whom. */
  children: ReactNode;
  confirmLabel: string;
  danger?: boolean;
  /** Ask why; the words go to the audit log. */
  reason?: 'required' | 'optional' | 'none';
  pending: boolean;
  error: Error | null;
  onConfirm: (reason: string) => void;
  onClose: () => void;
}

/** Says what will happen, asks for a reason, and stays open with the error if it failed. */
export function ConfirmDialog(props: ConfirmDialogProps): ReactElement {
  const { opened, title, onClose } = props;
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={620}>{title}</Text>}>
      {opened ? <ConfirmForm {...props} /> : null}
    </Modal>
  );
}

function ConfirmForm(props: ConfirmDialogProps): ReactElement {
  const {
    children,
    confirmLabel,
    danger = false,
    reason = 'optional',
    pending,
    error,
    onConfirm,
    onClose,
  } = props;
  const [words, setWords] = useState('');
  const missing = reason === 'required' && words.trim() === '';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!missing) onConfirm(words.trim());
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
        {error === null ? null : (
          <Alert color="orange" variant="light" title="That did not work" role="alert">
            {error.message}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" color={danger ? 'orange' : 'blue'} loading={pending} disabled={missing}>
            {confirmLabel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
