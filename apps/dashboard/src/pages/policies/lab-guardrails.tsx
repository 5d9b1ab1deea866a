import { ActionIcon, Button, Fieldset, Group, NumberInput, Select, Stack, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import { Icon } from '../../ui/icon.js';

/** A signal of the reward that may not get worse. */
export interface GuardrailDraft {
  signal: string;
  betterWhen: 'higher' | 'lower';
  /** In the signal's own unit. */
  margin: number;
}

/** Most guardrails of one evaluation, as the API allows. */
const MOST = 8;

interface LabGuardrailsProps {
  /** Names of the signals that the reward of the policy measures. */
  signals: readonly string[];
  value: readonly GuardrailDraft[];
  onChange: (value: GuardrailDraft[]) => void;
}

/** Which signals the gate watches besides the reward: a row each. */
export function LabGuardrails({ signals, value, onChange }: LabGuardrailsProps): ReactElement | null {
  const [first] = signals;
  if (first === undefined) return null;
  const set = (index: number, change: Partial<GuardrailDraft>): void =>
    onChange(value.map((one, i) => (i === index ? { ...one, ...change } : one)));
  const free = signals.find((name) => value.every(({ signal }) => signal !== name));
  return (
    <Fieldset legend="Guardrails">
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          Signals of the reward that may not get worse by more than a margin in their own unit.
        </Text>
        {value.map((one, index) => (
          <Row
            key={index}
            number={index + 1}
            signals={signals}
            value={one}
            set={(change) => set(index, change)}
            remove={() => onChange(value.filter((_, i) => i !== index))}
          />
        ))}
        <Button
          variant="default"
          w="fit-content"
          disabled={free === undefined || value.length >= MOST}
          onClick={() => onChange([...value, { signal: free ?? first, betterWhen: 'lower', margin: 0.01 }])}
        >
          Add a guardrail
        </Button>
      </Stack>
    </Fieldset>
  );
}

interface RowProps {
  number: number;
  signals: readonly string[];
  value: GuardrailDraft;
  set: (change: Partial<GuardrailDraft>) => void;
  remove: () => void;
}

function Row({ number, signals, value, set, remove }: RowProps): ReactElement {
  return (
    <Group role="group" aria-label={`Guardrail ${number}`} grow align="flex-end" preventGrowOverflow={false}>
      <Select
        label="Signal"
        allowDeselect={false}
        data={[...signals]}
        value={value.signal}
        onChange={(signal) => set({ signal: signal ?? value.signal })}
      />
      <Select
        label="Better when"
        allowDeselect={false}
        data={[
          { value: 'lower', label: 'lower' },
          { value: 'higher', label: 'higher' },
        ]}
        value={value.betterWhen}
        onChange={(betterWhen) => set({ betterWhen: betterWhen === 'higher' ? 'higher' : 'lower' })}
      />
      <NumberInput
        label="Worse by at most"
        min={0}
        step={0.01}
        value={value.margin}
        onChange={(margin) => set({ margin: typeof margin === 'number' ? margin : 0 })}
      />
      <ActionIcon variant="subtle" color="gray" aria-label={`Remove guardrail ${number}`} onClick={remove}>
        <Icon name="cross" size={14} />
      </ActionIcon>
    </Group>
  );
}
