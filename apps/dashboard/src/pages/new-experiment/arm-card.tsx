import {
  Button,
  Group,
  NumberInput,
  Radio,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import type { ReactElement } from 'react';
import type { Surface } from '../../api/types.js';
import { SLICE, STEADY, percent } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import { ArmPreview } from './arm-preview.js';
import type { ArmDraft } from './draft.js';
import type { SectionProps } from './section-props.js';
import { NEW_SURFACE } from './surfaces.js';
import { ValueField } from './value-field.js';
import styles from './form.module.css';

interface ArmCardProps extends SectionProps {
  arm: ArmDraft;
  index: number;
  share: number | null;
  surface: Surface | undefined;
  /** Null: this arm is it. */
  control: ArmDraft | null;
  change: (next: Partial<ArmDraft>) => void;
  makeControl: () => void;
  remove: () => void;
  createPolicy: () => void;
}

export function ArmCard(props: ArmCardProps): ReactElement {
  const { arm, index, share, draft, problems, change, makeControl, remove } = props;
  const name = arm.title || `arm ${index + 1}`;
  return (
    <fieldset className={styles.arm}>
      <legend className={styles.legend}>
        {name}
        <Text span size="xs" c="dimmed">
          {percent(share)} of the units
        </Text>
      </legend>
      <Group align="flex-start" gap="md" wrap="wrap">
        <TextInput
          label="Name"
          required
          className={styles.armName ?? ''}
          error={problems[`/arms/${index}/title`]}
          value={arm.title}
          onChange={(event) => change({ title: event.currentTarget.value, key: '' })}
        />
        <NumberInput
          label="Weight"
          w={110}
          min={0}
          max={1000}
          error={problems[`/arms/${index}/weight`]}
          value={arm.weight}
          onChange={(weight) => change({ weight: typeof weight === 'number' ? weight : 0 })}
        />
        <Radio
          mt={32}
          name="control"
          label="Control"
          checked={arm.isControl}
          onChange={makeControl}
          aria-label={`${name} is the control`}
        />
        {draft.arms.length > 2 && !arm.isControl ? (
          <Button
            mt={26}
            ml="auto"
            variant="subtle"
            color="gray"
            size="compact-md"
            leftSection={<Icon name="trash" size={14} />}
            onClick={remove}
            aria-label={`Remove ${name}`}
          >
            Remove
          </Button>
        ) : null}
      </Group>
      <TreatmentFields {...props} />
    </fieldset>
  );
}

function TreatmentFields(props: ArmCardProps): ReactElement {
  const { arm, index, control, surface, draft, problems, change } = props;
  return (
    <Stack gap="sm" mt="sm">
      <SegmentedControl
        className={styles.kind ?? ''}
        size="xs"
        aria-label="What this arm gives"
        value={arm.kind}
        onChange={(kind) => change({ kind })}
        data={[
          { value: 'value', label: 'A fixed value' },
          { value: 'policy', label: 'A policy' },
        ]}
      />
      {arm.kind === 'policy' ? (
        <PolicyFields {...props} />
      ) : (
        <ValueField
          // Another kind of surface has another kind of field.
          key={surface?.key ?? ''}
          surface={surface}
          value={arm.value}
          change={(value) => change({ value })}
          problem={problems[`/arms/${index}/treatment`]}
        />
      )}
      <ArmPreview arm={arm} control={control} surface={surface} saved={draft.surface !== NEW_SURFACE} />
    </Stack>
  );
}

function PolicyFields({
  arm,
  index,
  surface,
  policies,
  catalog,
  problems,
  change,
  createPolicy,
}: ArmCardProps): ReactElement {
  const decides = (key: string): string | undefined =>
    catalog.policies.find((policy) => policy.key === key)?.decides;
  const fitting = policies.filter((policy) => {
    const kind = decides(policy.key);
    return kind === undefined || surface === undefined || surface.kind === 'value' || kind === surface.kind;
  });
  return (
    <Group align="flex-start" gap="md" wrap="wrap">
      <Select
        label="Policy"
        required
        searchable
        className={styles.armName ?? ''}
        placeholder="Choose one"
        nothingFoundMessage="No policy fits this surface"
        error={problems[`/arms/${index}/treatment`]}
        data={fitting.map(({ id, title }) => ({ value: id, label: title }))}
        value={arm.policyId || null}
        onChange={(policyId) => change({ policyId: policyId ?? '' })}
      />
      <Select
        label="How long a draw lasts"
        w={230}
        data={Object.entries(STEADY).map(([value, label]) => ({ value, label }))}
        value={arm.steadyFor}
        onChange={(steadyFor) => change({ steadyFor: (steadyFor ?? 'day') as ArmDraft['steadyFor'] })}
      />
      <Select
        label="What its decisions are for"
        w={250}
        data={Object.entries(SLICE).map(([value, label]) => ({ value, label }))}
        value={arm.slice}
        onChange={(slice) => change({ slice: (slice ?? 'learning') as ArmDraft['slice'] })}
      />
      <Button mt={25} variant="default" leftSection={<Icon name="plus" size={14} />} onClick={createPolicy}>
        New policy
      </Button>
    </Group>
  );
}
