import { Button, Group, Modal, NumberInput, Select, Stack } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { guardrailsPath } from '../../../api/guardrails.js';
import type { GuardAction, Guardrails } from '../../../api/guardrails.js';
import { useWrite } from '../../../api/mutations.js';
import { ACTION_CHOICES, countedOf } from './guard-words.js';

interface Draft {
  readonly metrics: Readonly<Record<string, GuardAction>>;
  readonly sampleRatio: GuardAction;
  readonly errors: GuardAction;
  readonly minimumMinutes: number;
  readonly minimumUnits: number;
}

const draftOf = ({ plan, metrics }: Guardrails): Draft => ({
  metrics: Object.fromEntries(metrics.map(({ metric, action }) => [metric, action])),
  sampleRatio: plan.sampleRatio,
  errors: plan.errors,
  minimumMinutes: plan.minimumMinutes,
  minimumUnits: plan.minimumUnits,
});

/** Only what differs, so that nothing else is touched. */
function patchOf(before: Draft, { metrics, ...rest }: Draft): Record<string, unknown> {
  const changed = Object.entries(rest).filter(
    ([field, value]) => before[field as keyof typeof rest] !== value,
  );
  const actions = Object.entries(metrics).filter(([metric, action]) => before.metrics[metric] !== action);
  return {
    ...Object.fromEntries(changed),
    ...(actions.length === 0
      ? {}
      : { metrics: Object.fromEntries(actions.map(([metric, action]) => [metric, { action }])) }),
  };
}

/** What a breach leads to, by what is watched. */
export function GuardrailsDialog({
  guardrails,
  close,
}: {
  guardrails: Guardrails;
  close: () => void;
}): ReactElement {
  const before = draftOf(guardrails);
  const [draft, setDraft] = useState(before);
  const write = useWrite(['/v1/experiments']);
  const set = (changed: Partial<Draft>): void => setDraft({ ...draft, ...changed });
  const patch = patchOf(before, draft);
  const save = (event: FormEvent): void => {
    event.preventDefault();
    const version = guardrails.revision === 0 ? undefined : guardrails.revision;
    const path = guardrailsPath(guardrails.experiment);
    write.mutate({ path, method: 'PATCH', body: patch, version }, { onSuccess: close });
  };
  return (
    <Modal opened onClose={close} title="Guardrails" size="lg">
      <form onSubmit={save}>
        <Stack gap="sm">
          {Object.entries(draft.metrics).map(([metric, action]) => (
            <ActionSelect
              key={metric}
              label={`If ${metric} gets worse than it may`}
              value={action}
              set={(next) => set({ metrics: { ...draft.metrics, [metric]: next } })}
            />
          ))}
          <ActionSelect
            label="If units are not split as planned"
            value={draft.sampleRatio}
            set={(sampleRatio) => set({ sampleRatio })}
          />
          <ActionSelect
            label="If errors or cancellations are more frequent than in control"
            value={draft.errors}
            set={(errors) => set({ errors })}
          />
          <Group grow align="flex-start">
            <NumberInput
              label="Not before so many minutes"
              min={0}
              value={draft.minimumMinutes}
              onChange={(next) => set({ minimumMinutes: Number(next) })}
            />
            <NumberInput
              label={`Not before so many ${countedOf(guardrails)} in every arm`}
              min={1}
              allowDecimal={false}
              value={draft.minimumUnits}
              onChange={(next) => set({ minimumUnits: Number(next) })}
            />
          </Group>
          {write.error === null ? null : <p role="alert">{write.error.message}</p>}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={write.isPending} disabled={Object.keys(patch).length === 0}>
              Save guardrails
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface ActionSelectProps {
  label: string;
  value: GuardAction;
  set: (action: GuardAction) => void;
}

function ActionSelect({ label, value, set }: ActionSelectProps): ReactElement {
  return (
    <Select
      label={label}
      data={[...ACTION_CHOICES]}
      value={value}
      allowDeselect={false}
      onChange={(next) => set(next as GuardAction)}
    />
  );
}
