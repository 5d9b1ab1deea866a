import { Checkbox, Fieldset, NumberInput, Stack } from '@mantine/core';
import type { ReactElement } from 'react';
import type { RegisteredPolicy } from '../../api/types.js';
import type { PolicyDraft } from './policy-draft.js';

interface WithholdFieldsProps {
  registered: RegisteredPolicy | undefined;
  draft: PolicyDraft;
  set: (change: Partial<PolicyDraft>) => void;
}

/** Choices kept back by lot, and whether the policy learns what showing brings instead of what happens anyway. */
export function WithholdFields({ draft, registered, set }: WithholdFieldsProps): ReactElement | null {
  if (registered?.decides !== 'action' || registered.learns !== 'online') return null;
  return (
    <Fieldset legend="Lift of showing">
      <Stack gap="sm">
        <NumberInput
          label="Withheld choices, %"
          description="Not shown, by lot, to measure what showing brings. 2 to 5 is usual; 0: none."
          min={0}
          max={50}
          step={1}
          value={draft.withheldPercent}
          onChange={(share) => set({ withheldPercent: typeof share === 'number' ? share : 0 })}
        />
        <Checkbox
          label="Learn the lift of showing"
          description="What is played anyway earns nothing. Needs withheld choices and a reward with a window."
          disabled={draft.withheldPercent === 0}
          checked={draft.incremental && draft.withheldPercent > 0}
          onChange={(event) => set({ incremental: event.currentTarget.checked })}
        />
      </Stack>
    </Fieldset>
  );
}
