import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Icon } from '../../ui/icon.js';
import { Panel } from '../../ui/panel.js';
import { PolicyDialog } from '../policies/policy-dialog.js';
import { ArmCard } from './arm-card.js';
import { MOST_ARMS, nextArm } from './draft.js';
import type { ArmDraft } from './draft.js';
import type { SectionProps } from './section-props.js';
import { chosenSurface } from './surfaces.js';
import styles from './form.module.css';

/** Two to twenty arms; each a value or a policy. */
export function ArmsSection(props: SectionProps): ReactElement {
  const { draft, set, surfaces } = props;
  const [creatingFor, setCreatingFor] = useState<number | null>(null);
  const surface = chosenSurface(draft, surfaces);
  const control = draft.arms.find(({ isControl }) => isControl) ?? null;
  const change = (id: number, next: Partial<ArmDraft>): void =>
    set({ arms: draft.arms.map((arm) => (arm.id === id ? { ...arm, ...next } : arm)) });
  const total = draft.arms.reduce((sum, arm) => sum + arm.weight, 0);
  return (
    <Panel
      title="Arms"
      note="Weights are relative to each other and stay fixed while a phase runs."
      actions={
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<Icon name="plus" size={14} />}
          disabled={draft.arms.length >= MOST_ARMS}
          onClick={() => set({ arms: [...draft.arms, nextArm(draft.arms)] })}
        >
          Add arm
        </Button>
      }
    >
      <div className={styles.arms}>
        {draft.arms.map((arm, index) => (
          <ArmCard
            key={arm.id}
            {...props}
            arm={arm}
            index={index}
            share={total === 0 ? null : arm.weight / total}
            surface={surface}
            control={arm.isControl ? null : control}
            change={(next) => change(arm.id, next)}
            makeControl={() =>
              set({ arms: draft.arms.map((entry) => ({ ...entry, isControl: entry.id === arm.id })) })
            }
            remove={() => set({ arms: draft.arms.filter((entry) => entry.id !== arm.id) })}
            createPolicy={() => setCreatingFor(arm.id)}
          />
        ))}
      </div>
      {creatingFor === null ? null : (
        <PolicyDialog
          decides={surface === undefined || surface.kind === 'value' ? undefined : surface.kind}
          close={() => setCreatingFor(null)}
          created={(policyId) => change(creatingFor, { kind: 'policy', policyId })}
        />
      )}
    </Panel>
  );
}
