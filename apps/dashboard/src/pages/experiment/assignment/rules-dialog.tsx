import { Button, Group, Modal, NumberInput, Select, Stack } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { PROJECT_RULES, rulesPath } from '../../../api/assignment-health.js';
import type { AssignmentState, RulesView } from '../../../api/assignment-health.js';
import { useWrite } from '../../../api/mutations.js';
import { NotSaved } from '../../../ui/not-saved.js';
import { EXCLUDABLE, STATE } from './state-words.js';

type Excludable = (typeof EXCLUDABLE)[number];
type Choice = 'inherit' | 'exclude' | 'keep';

interface Draft {
  readonly exclude: Readonly<Record<Excludable, Choice>>;
  /** Per cent as text; empty: as elsewhere. */
  readonly thresholds: Readonly<Record<AssignmentState, string | number>>;
  readonly hours: string | number;
}

const STATES = Object.keys(STATE) as AssignmentState[];

function draftOf({ own }: RulesView): Draft {
  return {
    exclude: Object.fromEntries(
      EXCLUDABLE.map((state) => {
        const rule = own.exclude?.[state];
        return [state, rule === undefined ? 'inherit' : rule ? 'exclude' : 'keep'];
      }),
    ) as Record<Excludable, Choice>,
    thresholds: Object.fromEntries(
      STATES.map((state) => {
        const share = own.thresholds?.[state];
        return [state, share === undefined ? '' : Number((share * 100).toPrecision(6))];
      }),
    ) as Draft['thresholds'],
    hours: own.lateAfterSeconds === undefined ? '' : own.lateAfterSeconds / 3600,
  };
}

/** Only what differs, so that nothing else is touched; null: no rule of its own any more. */
function patchOf(before: Draft, draft: Draft): Record<string, unknown> {
  const excluded = EXCLUDABLE.filter((state) => before.exclude[state] !== draft.exclude[state]);
  const shares = STATES.filter((state) => before.thresholds[state] !== draft.thresholds[state]);
  const given = (text: string | number, scale: number): number | null =>
    text === '' ? null : Number(text) * scale;
  return {
    ...(excluded.length === 0
      ? {}
      : {
          exclude: Object.fromEntries(
            excluded.map((state) => [
              state,
              draft.exclude[state] === 'inherit' ? null : draft.exclude[state] === 'exclude',
            ]),
          ),
        }),
    ...(shares.length === 0
      ? {}
      : {
          thresholds: Object.fromEntries(
            shares.map((state) => [state, given(draft.thresholds[state], 0.01)]),
          ),
        }),
    ...(before.hours === draft.hours ? {} : { lateAfterSeconds: roundedSeconds(given(draft.hours, 3600)) }),
  };
}

const roundedSeconds = (seconds: number | null): number | null =>
  seconds === null ? null : Math.max(1, Math.round(seconds));

/** Which units reports leave out, and from when on a state is an alarm: of one experiment, or of the project. */
export function RulesDialog({ view, close }: { view: RulesView; close: () => void }): ReactElement {
  const before = draftOf(view);
  const [draft, setDraft] = useState(before);
  const write = useWrite(['/v1/experiments', PROJECT_RULES]);
  const patch = patchOf(before, draft);
  const wider = view.experiment === null ? 'the product’s default' : 'as the project';
  const save = (event: FormEvent): void => {
    event.preventDefault();
    const path = view.experiment === null ? PROJECT_RULES : rulesPath(view.experiment);
    const version = view.revision === 0 ? undefined : view.revision;
    write.mutate({ path, method: 'PATCH', body: patch, version }, { onSuccess: close });
  };
  return (
    <Modal
      opened
      onClose={close}
      size="lg"
      title={view.experiment === null ? 'Rules of the project' : 'Rules of this experiment'}
    >
      <form onSubmit={save}>
        <Stack gap="sm">
          {EXCLUDABLE.map((state) => (
            <Select
              key={state}
              label={STATE[state]}
              description={`Now: ${view.rules.exclude[state] === true ? 'left out' : 'counted'}`}
              allowDeselect={false}
              data={[
                { value: 'inherit', label: `No rule here: ${wider}` },
                { value: 'exclude', label: 'Leave these units out of the report' },
                { value: 'keep', label: 'Count them as others' },
              ]}
              value={draft.exclude[state]}
              onChange={(next) =>
                setDraft({ ...draft, exclude: { ...draft.exclude, [state]: next as Choice } })
              }
            />
          ))}
          {STATES.map((state) => (
            <NumberInput
              key={state}
              label={`Alarm: ${STATE[state]}, per cent of units`}
              placeholder={
                view.own.thresholds?.[state] === undefined
                  ? `${wider}: ${Number((view.rules.thresholds[state] * 100).toPrecision(6))}`
                  : wider
              }
              min={0.0001}
              max={100}
              value={draft.thresholds[state]}
              onChange={(next) => setDraft({ ...draft, thresholds: { ...draft.thresholds, [state]: next } })}
            />
          ))}
          <NumberInput
            label="An exposure is late after so many hours"
            description="Holds for exposures from now on"
            placeholder={
              view.own.lateAfterSeconds === undefined
                ? `${wider}: ${view.rules.lateAfterSeconds / 3600}`
                : wider
            }
            min={0}
            max={2160}
            value={draft.hours}
            onChange={(hours) => setDraft({ ...draft, hours })}
          />
          <NotSaved title="The rules were not saved" error={write.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={write.isPending} disabled={Object.keys(patch).length === 0}>
              Save rules
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
