import { Alert, Button, NumberInput, Select, Switch, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../../api/http.js';
import { useWrite } from '../../../api/mutations.js';
import type { Policy } from '../../../api/types.js';
import layout from '../../../ui/layout.module.css';
import { Panel } from '../../../ui/panel.js';

type Training = NonNullable<Policy['training']>;

const DEFAULT: Training = { schedule: null, promote: 'auto', fromScratchEvery: 7, memoryMb: 2048 };
const NIGHT = { at: '03:00', timeZone: 'UTC' };

/** When the policy trains by itself, and what a run may take. */
export function SchedulePanel({ policy }: { policy: Policy }): ReactElement {
  const stored = policy.training ?? DEFAULT;
  return (
    <Panel
      title="Nightly training"
      note="A run that takes more memory fails, and what serves goes on serving. A frozen policy does not train by itself."
    >
      <Form key={JSON.stringify(stored)} policy={policy} stored={stored} />
    </Panel>
  );
}

function Form({ policy, stored }: { policy: Policy; stored: Training }): ReactElement {
  const [draft, setDraft] = useState(stored);
  const write = useWrite(['/v1/policies']);
  const { schedule } = draft;
  return (
    <form
      aria-label="Nightly training"
      className={layout.stack}
      onSubmit={(event) => {
        event.preventDefault();
        write.mutate({
          path: `/v1/policies/${segment(policy.id)}`,
          method: 'PATCH',
          body: { training: draft },
        });
      }}
    >
      <Switch
        label="Train every night"
        checked={schedule !== null}
        onChange={(event) => setDraft({ ...draft, schedule: event.currentTarget.checked ? NIGHT : null })}
      />
      <div className={layout.fields}>
        {schedule === null ? null : (
          <>
            <TextInput
              label="At"
              type="time"
              value={schedule.at}
              onChange={(event) =>
                setDraft({ ...draft, schedule: { ...schedule, at: event.currentTarget.value } })
              }
            />
            <TextInput
              label="Time zone"
              value={schedule.timeZone}
              onChange={(event) =>
                setDraft({ ...draft, schedule: { ...schedule, timeZone: event.currentTarget.value } })
              }
            />
            <Select
              label="The result"
              allowDeselect={false}
              data={[
                { value: 'auto', label: 'serves unless clearly worse' },
                { value: 'manual', label: 'waits to be promoted' },
              ]}
              value={draft.promote}
              onChange={(value) => setDraft({ ...draft, promote: value === 'manual' ? 'manual' : 'auto' })}
            />
            <NumberInput
              label="From nothing every so many nights"
              description="The others begin with what serves."
              min={1}
              max={365}
              allowDecimal={false}
              value={draft.fromScratchEvery ?? 7}
              onChange={(value) => setDraft({ ...draft, fromScratchEvery: Number(value) })}
            />
          </>
        )}
        <NumberInput
          label="Memory, MB"
          min={128}
          max={1_000_000}
          allowDecimal={false}
          value={draft.memoryMb}
          onChange={(value) => setDraft({ ...draft, memoryMb: Number(value) })}
        />
      </div>
      {write.error === null ? null : (
        <Alert color="red" variant="light" title="Not saved">
          {write.error.message}
        </Alert>
      )}
      <div>
        <Button type="submit" variant="default" loading={write.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}
