import { Alert, Button, Group } from '@mantine/core';
import type { ReactElement } from 'react';
import { guardrailsPath, useGuardrails } from '../../../api/guardrails.js';
import type { Breach, Guardrails } from '../../../api/guardrails.js';
import { useWrite } from '../../../api/mutations.js';
import type { Experiment } from '../../../api/types.js';
import { dateTime } from '../../../format/index.js';
import { Icon } from '../../../ui/icon.js';

const HEAD: Record<Breach['done'], string> = {
  alerted: 'A guardrail is in breach',
  paused: 'A guardrail paused this experiment',
  control: 'A guardrail sent everybody to control',
};

/** What the guardrails did, above everything else, with one click back. Nothing while no breach is open. */
export function BreachBanner({ experiment }: { experiment: Experiment }): ReactElement | null {
  const { data } = useGuardrails(experiment.key);
  return data === undefined || data.open === 0 ? null : (
    <OpenBreaches experiment={experiment} guardrails={data} />
  );
}

function OpenBreaches({
  experiment,
  guardrails,
}: {
  experiment: Experiment;
  guardrails: Guardrails;
}): ReactElement | null {
  const write = useWrite(['/v1/experiments']);
  const open = guardrails.breaches.filter(
    ({ phase, takenBackAt }) => phase === experiment.phase && takenBackAt === null,
  );
  const acted = open.find(({ done }) => done !== 'alerted');
  const first = acted ?? open[0];
  if (first === undefined) return null;
  const resumes = acted !== undefined && experiment.status === 'paused';
  return (
    <Alert
      color="orange"
      variant="light"
      role="alert"
      icon={<Icon name="warning" size={18} />}
      title={HEAD[first.done]}
      mb="md"
    >
      {open.map(({ id, detail, detectedAt }) => (
        <p key={id} style={{ margin: '0 0 0.25rem' }}>
          {detail} Found {dateTime(detectedAt)}.
        </p>
      ))}
      <Group gap="sm" mt="xs">
        <Button
          size="xs"
          variant="default"
          loading={write.isPending}
          onClick={() => write.mutate({ path: `${guardrailsPath(experiment.key)}/undo`, body: {} })}
        >
          {resumes ? 'Resume, and do not stop for this again' : 'Seen: do not report this again'}
        </Button>
        {write.error === null ? null : <span role="status">{write.error.message}</span>}
      </Group>
    </Alert>
  );
}
