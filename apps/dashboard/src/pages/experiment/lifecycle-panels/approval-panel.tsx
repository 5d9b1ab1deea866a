import { Button, Group, Textarea } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { approvalPath, useApproval } from '../../../api/lifecycle.js';
import type { Approval } from '../../../api/lifecycle.js';
import { useWrite } from '../../../api/mutations.js';
import { dateTime } from '../../../format/index.js';
import { Facts } from '../../../ui/details.js';
import { Panel } from '../../../ui/panel.js';

const STATE: Record<Approval['state'], string> = {
  none: 'Nobody was asked yet',
  asked: 'Asked, and not answered yet',
  approved: 'Approved',
  rejected: 'Refused',
  outdated: 'Changed since it was asked for: ask again',
};

/** Asking a second person for the start, and answering. Nothing where the project does not ask for it. */
export function ApprovalPanel({ experimentKey }: { experimentKey: string }): ReactElement | null {
  const { data } = useApproval(experimentKey);
  return data?.required === true ? <Asked experimentKey={experimentKey} approval={data} /> : null;
}

function Asked({ experimentKey, approval }: { experimentKey: string; approval: Approval }): ReactElement {
  const [comment, setComment] = useState('');
  const write = useWrite(['/v1/experiments']);
  const { request, state } = approval;
  const path = approvalPath(experimentKey);
  const send = (to: string, body: object): void =>
    write.mutate({ path: to, body: { ...body, comment } }, { onSuccess: () => setComment('') });
  return (
    <Panel
      title="Approval"
      note="This project asks a second person to approve a start. Who asks cannot approve."
    >
      <Facts
        facts={[
          { label: 'State', value: STATE[state] },
          ...(request === null
            ? []
            : [{ label: 'Asked', value: `${dateTime(request.askedAt)} by ${request.askedBy}` }]),
          ...(request === null || request.comment === ''
            ? []
            : [{ label: 'Comment', value: request.comment }]),
          ...(request?.decidedAt
            ? [
                {
                  label: 'Answer',
                  value: `${dateTime(request.decidedAt)} by ${request.decidedBy ?? ''}${request.answer === '' ? '' : `: ${request.answer}`}`,
                },
              ]
            : []),
        ]}
      />
      <Textarea
        mt="sm"
        label="Comment"
        autosize
        minRows={2}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
      <Group mt="sm" gap="xs">
        {state === 'asked' ? (
          <>
            <Button
              size="xs"
              loading={write.isPending}
              onClick={() => send(`${path}/decision`, { decision: 'approve' })}
            >
              Approve
            </Button>
            <Button
              size="xs"
              variant="default"
              onClick={() => send(`${path}/decision`, { decision: 'reject' })}
            >
              Refuse
            </Button>
          </>
        ) : (
          <Button size="xs" variant="default" loading={write.isPending} onClick={() => send(path, {})}>
            Ask for approval
          </Button>
        )}
      </Group>
      {write.error === null ? null : <p role="alert">{write.error.message}</p>}
    </Panel>
  );
}
