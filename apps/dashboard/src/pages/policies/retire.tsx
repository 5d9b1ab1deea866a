import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import type { Json, Policy, PolicyAction, Worn } from '../../api/types.js';
import { percent } from '../../format/index.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';

const wornBy = (policy: Policy): Worn[] => (policy.params['wrappers'] ?? []) as unknown as Worn[];

/** Ids of the actions that a policy no longer serves. */
export function retiredActions(policy: Policy): readonly string[] {
  const worn = wornBy(policy).find(({ key }) => key === 'retired');
  return (worn?.params['actions'] ?? []) as string[];
}

/** Changed parameters of the policy, with exactly these actions retired; null takes the wrappers away. */
export function paramsRetiring(policy: Policy, actions: readonly string[]): Record<string, Json> {
  const others = wornBy(policy).filter(({ key }) => key !== 'retired');
  const worn =
    actions.length === 0 ? others : [...others, { key: 'retired', params: { actions: [...actions] } }];
  return { wrappers: worn.length === 0 ? null : (worn as unknown as Json) };
}

/** Stops serving one action, or serves it again. */
export function RetireButton({ policy, action }: { policy: Policy; action: PolicyAction }): ReactElement {
  const [asked, setAsked] = useState(false);
  const write = useWrite(['/v1/policies']);
  const retired = retiredActions(policy);
  const isRetired = retired.includes(action.id);
  const close = (): void => {
    setAsked(false);
    write.reset();
  };
  const confirm = (_reason: string, overrideGate?: string): void => {
    const actions = isRetired ? retired.filter((id) => id !== action.id) : [...retired, action.id];
    const params = paramsRetiring(policy, actions);
    const body = { params, ...(overrideGate === undefined ? {} : { overrideGate }) };
    // The list is sent whole: against a newer policy it would undo what somebody else has retired.
    const path = `/v1/policies/${segment(policy.id)}`;
    write.mutate({ path, method: 'PATCH', version: policy.revision, body }, { onSuccess: close });
  };
  const label = isRetired ? 'Bring back' : 'Retire';
  return (
    <>
      <Button
        variant="subtle"
        size="compact-xs"
        aria-label={`${label} ${action.title || action.id}`}
        onClick={() => setAsked(true)}
      >
        {label}
      </Button>
      {asked ? (
        <ConfirmDialog
          opened
          title={`${label} “${action.title || action.id}”`}
          confirmLabel={label}
          reason="none"
          danger={!isRetired}
          pending={write.isPending}
          error={write.error}
          onConfirm={confirm}
          onClose={close}
        >
          {isRetired
            ? 'It is served again, with what had been learned about it.'
            : `It is no longer served: its ${percent(action.probabilityNow)} of the decisions go to the other actions. What was learned about it stays.`}
        </ConfirmDialog>
      ) : null}
    </>
  );
}
