import { ActionIcon, Button, Fieldset, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Catalog } from '../../api/types.js';
import { humanise } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import type { SignalDraft } from './policy-draft.js';

/** Most signals of one reward, as the API allows. */
const MOST = 8;

interface SignalFieldsProps {
  catalog: Catalog;
  value: readonly SignalDraft[];
  onChange: (value: SignalDraft[]) => void;
}

/** What else is measured beside the reward: a row each, for the wrappers that name it. */
export function SignalFields({ catalog, value, onChange }: SignalFieldsProps): ReactElement {
  const set = (index: number, change: Partial<SignalDraft>): void =>
    onChange(value.map((one, i) => (i === index ? { ...one, ...change } : one)));
  return (
    <Fieldset legend="Further signals">
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          What else is measured of the same decision: a cost, a guardrail, a second objective. Wrappers use it
          by its name. It needs a window.
        </Text>
        {value.map((signal, index) => (
          <Row
            key={index}
            catalog={catalog}
            number={index + 1}
            signal={signal}
            set={(change) => set(index, change)}
            remove={() => onChange(value.filter((_, i) => i !== index))}
          />
        ))}
        <Button
          variant="default"
          disabled={value.length >= MOST}
          onClick={() =>
            onChange([...value, { name: '', outcome: catalog.outcomes[0] ?? '', counts: 'one' }])
          }
        >
          Add a signal
        </Button>
      </Stack>
    </Fieldset>
  );
}

interface RowProps {
  catalog: Catalog;
  number: number;
  signal: SignalDraft;
  set: (change: Partial<SignalDraft>) => void;
  remove: () => void;
}

function Row({ catalog, number, signal, set, remove }: RowProps): ReactElement {
  return (
    <Group role="group" aria-label={`Signal ${number}`} grow align="flex-end" preventGrowOverflow={false}>
      <TextInput
        label="Name"
        required
        placeholder="complaints"
        value={signal.name}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <Select
        label="Measured by"
        searchable
        data={catalog.outcomes.map((name) => ({ value: name, label: humanise(name) }))}
        value={signal.outcome}
        onChange={(outcome) => set({ outcome: outcome ?? signal.outcome })}
      />
      <Select
        label="Counts"
        allowDeselect={false}
        data={[
          { value: 'one', label: 'That it happened' },
          { value: 'value', label: 'Its value' },
        ]}
        value={signal.counts}
        onChange={(counts) => set({ counts: counts === 'value' ? 'value' : 'one' })}
      />
      <ActionIcon variant="subtle" color="gray" aria-label={`Remove signal ${number}`} onClick={remove}>
        <Icon name="cross" size={14} />
      </ActionIcon>
    </Group>
  );
}
