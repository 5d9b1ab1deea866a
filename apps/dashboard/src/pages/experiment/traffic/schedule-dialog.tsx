import {
  ActionIcon,
  Button,
  Fieldset,
  Group,
  Modal,
  NumberInput,
  Select,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../../api/http.js';
import { useWrite } from '../../../api/mutations.js';
import type { Schedule } from '../../../api/traffic.js';
import type { Experiment } from '../../../api/types.js';
import { Icon } from '../../../ui/icon.js';
import { newStep, scheduleDraft, schedulePatch } from './schedule-draft.js';
import type { ScheduleDraft, StepDraft } from './schedule-draft.js';
import { NotSaved } from '../../../ui/not-saved.js';

interface ScheduleDialogProps {
  experiment: Experiment;
  schedule: Schedule;
  close: () => void;
}

const numberOr = (next: number | string): number | '' => (typeof next === 'number' ? next : '');

/** Plans dates, ramp and goals of an experiment. */
export function ScheduleDialog({ experiment, schedule, close }: ScheduleDialogProps): ReactElement {
  const [draft, setDraft] = useState(() => scheduleDraft(schedule));
  const write = useWrite<Schedule>(['/v1/experiments']);
  const patch = schedulePatch(schedule, draft);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    write.mutate(
      {
        path: `/v1/experiments/${segment(experiment.key)}/schedule`,
        method: 'PATCH',
        body: patch,
        version: schedule.revision === 0 ? undefined : schedule.revision,
      },
      { onSuccess: close },
    );
  };
  const set = (changed: Partial<ScheduleDraft>): void => setDraft({ ...draft, ...changed });
  return (
    <Modal opened onClose={close} size="lg" title={<Text fw={620}>Schedule of {experiment.title}</Text>}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <Dates draft={draft} set={set} started={experiment.startedAt !== null} />
          <Steps ramp={draft.ramp} set={(ramp) => set({ ramp })} />
          <NotSaved title="The schedule was not saved" error={write.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={write.isPending} disabled={Object.keys(patch).length === 0}>
              Save schedule
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface DatesProps {
  draft: ScheduleDraft;
  set: (changed: Partial<ScheduleDraft>) => void;
  started: boolean;
}

function Dates({ draft, set, started }: DatesProps): ReactElement {
  return (
    <>
      {started ? null : (
        <TextInput
          label="Start"
          description="Your time zone. Empty: by hand. The experiment must be ready to start."
          type="datetime-local"
          value={draft.startAt}
          onChange={(event) => set({ startAt: event.currentTarget.value })}
        />
      )}
      <TextInput
        label="End"
        description="Your time zone. Empty: by hand."
        type="datetime-local"
        value={draft.endAt}
        onChange={(event) => set({ endAt: event.currentTarget.value })}
      />
      <Group grow align="flex-start">
        <NumberInput
          label="Or at so many units"
          description="Not before the shortest run."
          min={1}
          allowDecimal={false}
          value={draft.units}
          onChange={(next) => set({ units: numberOr(next) })}
        />
        <NumberInput
          label="Or once the lift is known to ±"
          description="Half the width of its interval."
          suffix="%"
          min={0}
          value={draft.halfWidth}
          onChange={(next) => set({ halfWidth: numberOr(next) })}
        />
        <Select
          label="Then"
          description="Paused units get the default."
          data={[
            { value: 'stop', label: 'Stop it' },
            { value: 'pause', label: 'Pause it' },
          ]}
          value={draft.atEnd}
          onChange={(next) => set({ atEnd: next === 'pause' ? 'pause' : 'stop' })}
        />
      </Group>
    </>
  );
}

function Steps({ ramp, set }: { ramp: StepDraft[]; set: (ramp: StepDraft[]) => void }): ReactElement {
  const change = (id: number, changed: Partial<StepDraft>): void =>
    set(ramp.map((step) => (step.id === id ? { ...step, ...changed } : step)));
  return (
    <Fieldset legend="Ramp">
      <Stack gap="sm">
        {ramp.map((step, i) => (
          <Step
            key={step.id}
            number={i + 1}
            step={step}
            change={(changed) => change(step.id, changed)}
            remove={() => set(ramp.filter(({ id }) => id !== step.id))}
          />
        ))}
        <Button
          style={{ alignSelf: 'flex-start' }}
          variant="default"
          size="compact-sm"
          leftSection={<Icon name="plus" size={14} />}
          onClick={() => set([...ramp, newStep(ramp)])}
        >
          Add step
        </Button>
      </Stack>
    </Fieldset>
  );
}

interface StepProps {
  number: number;
  step: StepDraft;
  change: (changed: Partial<StepDraft>) => void;
  remove: () => void;
}

function Step({ number, step, change, remove }: StepProps): ReactElement {
  return (
    <Group role="group" aria-label={`Step ${number}`} align="flex-end" gap="xs" wrap="wrap">
      <NumberInput
        label="Traffic"
        w={90}
        suffix="%"
        min={0}
        max={100}
        required
        value={step.traffic}
        onChange={(next) => change({ traffic: numberOr(next) })}
      />
      <NumberInput
        label="Hours after"
        w={110}
        min={0}
        value={step.afterHours}
        onChange={(next) => change({ afterHours: numberOr(next) })}
      />
      <TextInput
        label="Not before"
        type="datetime-local"
        value={step.at}
        onChange={(event) => change({ at: event.currentTarget.value })}
      />
      <Select
        label="Needs"
        w={160}
        data={[
          { value: 'guardrails', label: 'Guardrails fine' },
          { value: 'time', label: 'Time only' },
        ]}
        value={step.needs}
        onChange={(next) => change({ needs: next === 'time' ? 'time' : 'guardrails' })}
      />
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={`Remove step ${number}`}
        onClick={remove}
      >
        <Icon name="trash" />
      </ActionIcon>
    </Group>
  );
}
