import { Checkbox, Fieldset, NumberInput, Select, Stack } from '@mantine/core';
import type { ReactElement } from 'react';
import type { RegisteredPolicy } from '../../api/types.js';
import type { PolicyDraft } from './policy-draft.js';

interface WithholdFieldsProps {
  registered: RegisteredPolicy | undefined;
  draft: PolicyDraft;
  set: (change: Partial<PolicyDraft>) => void;
}

const STEADY = [
  { value: 'always', label: 'Always' },
  { value: 'week', label: 'A week' },
  { value: 'day', label: 'A day' },
  { value: 'hour', label: 'An hour' },
  { value: 'decision', label: 'One decision' },
];

/** Choices kept back by lot, and whether the policy learns what showing brings instead of what happens anyway. */
export function WithholdFields({ draft, registered, set }: WithholdFieldsProps): ReactElement | null {
  if (registered === undefined || registered.learns === 'never') return null;
  const places = registered.decides === 'action' ? '' : ' In a list the next in order takes the place.';
  return (
    <Fieldset legend="Lift of showing">
      <Stack gap="sm">
        <NumberInput
          label="Withheld choices, %"
          description={`Not shown, by lot, to measure what showing brings. 2 to 5 is usual; 0: none.${places}`}
          min={0}
          max={50}
          step={1}
          value={draft.withheldPercent}
          onChange={(share) => set({ withheldPercent: typeof share === 'number' ? share : 0 })}
        />
        {draft.withheldPercent === 0 ? null : (
          <Select
            label="A member keeps the lot for"
            description="Much longer than the window of the reward."
            data={STEADY}
            allowDeselect={false}
            value={draft.steadyFor}
            onChange={(steadyFor) => set({ steadyFor: steadyFor ?? draft.steadyFor })}
          />
        )}
        {registered.learns === 'online' ? (
          <Checkbox
            label="Learn the lift of showing"
            description="What is played anyway earns nothing. Needs withheld choices and a reward with a window."
            disabled={draft.withheldPercent === 0}
            checked={draft.incremental && draft.withheldPercent > 0}
            onChange={(event) => set({ incremental: event.currentTarget.checked })}
          />
        ) : null}
      </Stack>
    </Fieldset>
  );
}
