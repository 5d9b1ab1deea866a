import { Button, Fieldset, Group, Modal, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { ApiError } from '../../../api/http.js';
import { useWrite } from '../../../api/mutations.js';
import { tradeOffPath } from '../../../api/trade-offs.js';
import type { TradeOffSetting } from '../../../api/trade-offs.js';
import type { Policy } from '../../../api/types.js';
import layout from '../../../ui/layout.module.css';
import { NotSaved } from '../../../ui/not-saved.js';

const MOST_SETTINGS = 20;

/** Weights and bounds of one setting as they are typed; empty: none. */
type Draft = Record<Field, number | ''>;
type Field = (typeof FIELDS)[number]['field'];

const FIELDS = [
  { field: 'completion', label: 'Weight of completion', pointer: 'objectives/completionRate' },
  { field: 'returning', label: 'Weight of return', pointer: 'objectives/returnRate' },
  { field: 'diversity', label: 'Weight of diversity', pointer: 'diversity' },
  { field: 'leastCompletion', label: 'Completion at least', pointer: 'atLeast/completionRate' },
  { field: 'leastReturning', label: 'Return at least', pointer: 'atLeast/returnRate' },
  { field: 'leastDiversity', label: 'Diversity at least', pointer: 'atLeast/diversity' },
] as const;

const EMPTY: Draft = {
  completion: '',
  returning: '',
  diversity: '',
  leastCompletion: '',
  leastReturning: '',
  leastDiversity: '',
};

const given = (entries: readonly (readonly [string, number | ''])[]): Record<string, number> =>
  Object.fromEntries(entries.flatMap(([name, value]) => (value === '' ? [] : [[name, value]])));

const settingOf = (draft: Draft): TradeOffSetting => ({
  ...given([['diversity', draft.diversity]]),
  objectives: given([
    ['completionRate', draft.completion],
    ['returnRate', draft.returning],
  ]),
  atLeast: given([
    ['completionRate', draft.leastCompletion],
    ['returnRate', draft.leastReturning],
    ['diversity', draft.leastDiversity],
  ]),
});

/** What a run looks at, and settings of one's own besides the usual ones. */
export function StartDialog({ policy, close }: { policy: Policy; close: () => void }): ReactElement {
  const [completion, setCompletion] = useState('complete');
  const [completeDays, setCompleteDays] = useState<number | string>(7);
  const [returnDays, setReturnDays] = useState<number | string>(2);
  const [own, setOwn] = useState<readonly Draft[]>([]);
  const write = useWrite([tradeOffPath(policy.id)]);
  const error = (pointer: string): string | undefined =>
    write.error instanceof ApiError
      ? write.error.fields.find((field) => field.pointer === pointer)?.message
      : undefined;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    const body = { completion, completeDays, returnDays, alsoTry: own.map(settingOf) };
    write.mutate({ path: tradeOffPath(policy.id), body }, { onSuccess: close });
  };
  return (
    <Modal opened onClose={close} size="lg" title={<Text fw={620}>Compute trade-offs</Text>}>
      <form onSubmit={submit} aria-label="Compute trade-offs" noValidate>
        <Stack gap="md">
          <div className={layout.fields}>
            <TextInput
              label="Outcome of completion"
              value={completion}
              error={error('/completion')}
              onChange={(event) => setCompletion(event.currentTarget.value)}
            />
            <NumberInput
              label="It may follow by, days"
              value={completeDays}
              error={error('/completeDays')}
              onChange={setCompleteDays}
            />
            <NumberInput
              label="A return is within, days"
              value={returnDays}
              error={error('/returnDays')}
              onChange={setReturnDays}
            />
          </div>
          {own.map((draft, index) => (
            <OwnSetting
              key={index}
              {...{ draft, index, error }}
              change={(next) => setOwn(own.map((one, i) => (i === index ? next : one)))}
              remove={() => setOwn(own.filter((_, i) => i !== index))}
            />
          ))}
          <Text size="sm" c="dimmed">
            Thirty-two usual settings are tried in any case. Weights stand beside a relevance of 1; a bound
            takes the smallest weight that reaches it, list by list.
          </Text>
          <NotSaved title="The run was not started" error={write.error} />
          <Group justify="space-between" gap="xs">
            <Button
              variant="default"
              disabled={own.length >= MOST_SETTINGS}
              onClick={() => setOwn([...own, EMPTY])}
            >
              Add a setting of your own
            </Button>
            <Group gap="xs">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={write.isPending}>
                Compute
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface OwnSettingProps {
  draft: Draft;
  index: number;
  error: (pointer: string) => string | undefined;
  change: (draft: Draft) => void;
  remove: () => void;
}

function OwnSetting({ draft, index, error, change, remove }: OwnSettingProps): ReactElement {
  return (
    <Fieldset legend={`Setting ${index + 1}`}>
      <div className={layout.fields}>
        {FIELDS.map(({ field, label, pointer }) => (
          <NumberInput
            key={field}
            label={label}
            placeholder="none"
            step={0.1}
            value={draft[field]}
            error={error(`/alsoTry/${index}/${pointer}`)}
            onChange={(value) => change({ ...draft, [field]: typeof value === 'number' ? value : '' })}
          />
        ))}
      </div>
      <Button
        variant="subtle"
        size="compact-sm"
        mt="xs"
        aria-label={`Remove setting ${index + 1}`}
        onClick={remove}
      >
        Remove
      </Button>
    </Fieldset>
  );
}
