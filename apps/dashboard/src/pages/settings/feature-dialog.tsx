import { Button, Checkbox, Group, Modal, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { featurePath } from '../../api/features.js';
import type { FeatureDefinition, FeatureEntity, FeatureKind } from '../../api/features.js';
import { useWrite } from '../../api/mutations.js';
import { NotSaved } from '../../ui/not-saved.js';

export interface FeatureDraft extends FeatureDefinition {
  entity: FeatureEntity;
  name: string;
  /** There for one that is registered already. */
  version?: number;
}

const ENTITIES = [
  { value: 'member', label: 'The member' },
  { value: 'title', label: 'The title' },
  { value: 'context', label: 'The moment: device, time, place' },
  { value: 'history', label: 'What the member used before' },
];
const KINDS = [
  { value: 'number', label: 'Number' },
  { value: 'category', label: 'Category' },
  { value: 'list', label: 'List' },
  { value: 'text', label: 'Text' },
];

const bound = (value: number | string): number | null => (typeof value === 'number' ? value : null);

/** Only a number has a unit and a range. */
function bodyOf({ kind, description, source, unit, range, consent, sensitive }: FeatureDraft) {
  const isNumber = kind === 'number';
  const open = range === null || (range[0] === null && range[1] === null);
  return {
    kind,
    description: description.trim(),
    source: source.trim(),
    unit: isNumber && unit?.trim() ? unit.trim() : null,
    range: isNumber && !open ? range : null,
    consent,
    sensitive,
  };
}

/** Registers a feature, or changes one. */
export function FeatureDialog({ draft, close }: { draft: FeatureDraft; close: () => void }): ReactElement {
  const [feature, setFeature] = useState(draft);
  const write = useWrite(['/v1/features', '/v1/policies']);
  const isNew = draft.version === undefined;
  const set = (part: Partial<FeatureDraft>): void => setFeature({ ...feature, ...part });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const named = { ...feature, name: feature.name.trim() };
    write.mutate({ path: featurePath(named), method: 'PUT', body: bodyOf(named) }, { onSuccess: close });
  };
  const missing = [feature.name, feature.description, feature.source].some((text) => text.trim() === '');
  return (
    <Modal
      opened
      onClose={close}
      title={<Text fw={620}>{isNew ? 'Register a feature' : `Change ${draft.name}`}</Text>}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label="Name"
            description="As requests and titles name it"
            required
            disabled={!isNew}
            value={feature.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          <Select
            label="Of"
            data={ENTITIES}
            allowDeselect={false}
            disabled={!isNew}
            value={feature.entity}
            onChange={(next) => set({ entity: (next ?? feature.entity) as FeatureEntity })}
          />
          <Select
            label="Kind"
            data={KINDS}
            allowDeselect={false}
            value={feature.kind}
            onChange={(next) => set({ kind: (next ?? feature.kind) as FeatureKind })}
          />
          {feature.kind === 'number' ? <NumberFields feature={feature} set={set} /> : null}
          <TextInput
            label="What it says"
            required
            value={feature.description}
            onChange={(event) => set({ description: event.currentTarget.value })}
          />
          <TextInput
            label="Where it comes from"
            description="For example catalogue, profile or app"
            required
            value={feature.source}
            onChange={(event) => set({ source: event.currentTarget.value })}
          />
          <Checkbox
            label="Needs consent"
            description="Policies get it only where the request says that the member consents."
            checked={feature.consent}
            onChange={(event) => set({ consent: event.currentTarget.checked })}
          />
          <Checkbox
            label="Sensitive"
            description="Policies never get it. It is kept for the audit of fairness alone."
            checked={feature.sensitive}
            onChange={(event) => set({ sensitive: event.currentTarget.checked })}
          />
          <NotSaved title="The feature was not saved" error={write.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={write.isPending} disabled={missing}>
              {isNew ? 'Register' : 'Save'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function NumberFields({
  feature: { unit, range },
  set,
}: {
  feature: FeatureDraft;
  set: (part: Partial<FeatureDraft>) => void;
}): ReactElement {
  const [from, to] = range ?? [null, null];
  return (
    <Group grow>
      <TextInput
        label="Unit"
        value={unit ?? ''}
        onChange={(event) => set({ unit: event.currentTarget.value })}
      />
      <NumberInput label="From" value={from ?? ''} onChange={(next) => set({ range: [bound(next), to] })} />
      <NumberInput label="To" value={to ?? ''} onChange={(next) => set({ range: [from, bound(next)] })} />
    </Group>
  );
}
