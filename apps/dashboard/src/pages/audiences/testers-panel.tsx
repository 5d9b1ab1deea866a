import { Alert, Button, Group, NumberInput, Select, Textarea, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useWrite } from '../../api/mutations.js';
import { useRead } from '../../api/queries.js';
import type { Experiment, Page } from '../../api/types.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';

interface Given {
  token: string;
  expiresAt: string;
}

/** A signed token that shows its holder one arm, also of a draft. What they see counts for no experiment. */
export function TestersPanel(): ReactElement {
  const [name, setName] = useState('');
  const [key, setKey] = useState<string | null>(null);
  const [arm, setArm] = useState<string | null>(null);
  const [hours, setHours] = useState(24);
  const all = useRead<Page<Experiment>>('/v1/experiments').data?.items ?? [];
  const open = all.filter(({ status }) => status !== 'stopped' && status !== 'archived');
  const chosen = open.find((experiment) => experiment.key === key);
  const write = useWrite<Given>([]);
  const give = (): void =>
    write.mutate({
      path: '/v1/tester-tokens',
      body: { name: name.trim(), arms: { [key ?? '']: arm }, hours },
    });
  return (
    <Panel
      title="Token for a tester"
      note="Send it as `tester` with requests for treatments. It cannot be shown again; all tokens can be revoked over HTTP."
    >
      <div className={layout.stack}>
        <Group align="flex-end">
          <TextInput label="Tester" value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Select
            label="Experiment"
            searchable
            data={open.map((experiment) => ({
              value: experiment.key,
              label: `${experiment.title} (${experiment.status})`,
            }))}
            value={key}
            onChange={(next) => {
              setKey(next);
              setArm(null);
            }}
          />
          <Select
            label="Arm"
            data={(chosen?.arms ?? []).map((one) => ({ value: one.key, label: one.title }))}
            value={arm}
            onChange={setArm}
          />
          <NumberInput
            label="Hours"
            min={1}
            max={720}
            w={96}
            value={hours}
            onChange={(next) => setHours(typeof next === 'number' ? next : 24)}
          />
          <Button
            disabled={name.trim() === '' || key === null || arm === null}
            loading={write.isPending}
            onClick={give}
          >
            Make token
          </Button>
        </Group>
        {write.error ? (
          <Alert color="orange" variant="light" role="alert" title="That did not work">
            {write.error.message}
          </Alert>
        ) : null}
        {write.data ? (
          <Textarea
            label={`Counts until ${new Date(write.data.expiresAt).toLocaleString()}`}
            readOnly
            autosize
            value={write.data.token}
          />
        ) : null}
      </div>
    </Panel>
  );
}
