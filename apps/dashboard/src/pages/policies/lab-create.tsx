import { Alert, Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { useWrite } from '../../api/mutations.js';
import type { OffPolicyDetail } from '../../api/off-policy.js';
import type { Policy } from '../../api/types.js';
import { warmStartsPath } from '../../api/warm-starts.js';
import type { WarmStart } from '../../api/warm-starts.js';
import { candidateBody, warmStartBody } from './candidate-body.js';

/**
 * The evaluated parameters as a policy of its own, which serves only after a yes. One that learns begins with the part of
 * the log that it learned in the lab; the rest is for judging it.
 */
export function CreateCandidate({ policy, run }: { policy: Policy; run: OffPolicyDetail }): ReactElement {
  const create = useWrite<Policy>(['/v1/policies']);
  const warm = useWrite<WarmStart>(['/v1/policies']);
  const body = candidateBody(policy, run);
  const learns = run.result.log.learnedOn > 0;
  const teach = (): void => warm.mutate({ path: warmStartsPath(body.id), body: warmStartBody(run) });
  const submit = (): void =>
    create.mutate({ path: '/v1/policies', body }, { onSuccess: () => (learns ? teach() : undefined) });
  if (create.data !== undefined) {
    return (
      <>
        <p role="status">
          Created <Link to={`/policies/${body.id}`}>{body.title}</Link>. {learnedText(learns, warm.data)}
        </p>
        {warm.error === null ? null : (
          <Alert color="orange" variant="light" title="It has learned nothing yet" role="alert">
            {warm.error.message}
          </Alert>
        )}
      </>
    );
  }
  return (
    <>
      <Button variant="default" size="compact-sm" loading={create.isPending} onClick={submit}>
        {learns ? 'Create and learn this log' : 'Create as a policy'}
      </Button>
      {create.error === null ? null : (
        <Alert color="orange" variant="light" title="The policy was not created" role="alert">
          {create.error.message}
        </Alert>
      )}
    </>
  );
}

function learnedText(learns: boolean, warm: WarmStart | undefined): string {
  if (!learns) return 'Its experiments start after a yes for it.';
  if (warm === undefined)
    return 'Its experiments start after a yes for what it has learned, or with a reason.';
  return `It learns ${warm.matching} older decisions of this log now. Judge it on the rest from its page; after a yes its experiments start.`;
}
