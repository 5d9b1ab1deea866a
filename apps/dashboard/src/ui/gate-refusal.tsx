import { Alert, Stack, Text, Textarea } from '@mantine/core';
import type { ReactElement } from 'react';
import { ApiError } from '../api/http.js';

/** The API's least length of a reason. */
const LEAST_REASON = 10;

/** The answer of the off-policy gate, when that is why a request was refused. */
export const gateRefusal = (error: Error | null): ApiError | null =>
  error instanceof ApiError && error.code === 'gate_closed' ? error : null;

export const isReason = (text: string): boolean => text.trim().length >= LEAST_REASON;

interface GateRefusalProps {
  refusal: ApiError;
  reason: string;
  onReason: (reason: string) => void;
}

/** Why the gate is closed, clause by clause, and the reason that an admin has to give for going past it. */
export function GateRefusal({ refusal, reason, onReason }: GateRefusalProps): ReactElement {
  return (
    <Stack gap="sm">
      <Alert color="orange" variant="light" title="The off-policy gate is closed" role="alert">
        <Text size="sm">{refusal.message}</Text>
        {refusal.fields.length === 0 ? null : (
          <ul aria-label="Conditions that do not hold">
            {refusal.fields.map(({ code, message }) => (
              <li key={code}>{message}</li>
            ))}
          </ul>
        )}
        <Text size="sm" mt="xs">
          Going past it serves members something that the log does not vouch for. Your reason, your name and
          what the gate said are kept in the audit log.
        </Text>
      </Alert>
      <Textarea
        label="Reason for going past the gate"
        description={`At least ${LEAST_REASON} characters`}
        required
        autosize
        minRows={2}
        maxLength={2000}
        value={reason}
        onChange={(event) => onReason(event.currentTarget.value)}
      />
    </Stack>
  );
}
