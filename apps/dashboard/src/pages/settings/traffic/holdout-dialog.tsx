import {
  Alert,
  Button,
  Group,
  Modal,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../../api/http.js';
import { useWrite } from '../../../api/mutations.js';
import type { Holdout } from '../../../api/types.js';
import { useUnitTypes } from '../../../api/audiences.js';
import { useCatalog, useSurfaces } from '../../../api/queries.js';
import { slug } from '../../../format/slug.js';
import { fromCondition, targetingProblem, toCondition } from '../../new-experiment/targeting.js';
import type { TargetingDraft } from '../../new-experiment/targeting.js';
import { TargetingFields } from '../../new-experiment/targeting-fields.js';
import { NotSaved } from '../../../ui/not-saved.js';

interface HoldoutDialogProps {
  /** Null: a new one. */
  holdout: Holdout | null;
  close: () => void;
}

interface Draft {
  title: string;
  /** In percent. */
  share: number;
  tags: string[];
  /** Empty: every surface. */
  surfaces: string[];
  /** Stays as it was made. */
  unitType: string;
  except: TargetingDraft;
  enabled: boolean;
}

const NEW: Omit<Holdout, 'key'> = {
  title: '',
  share: 0.02,
  surfaces: null,
  unitType: 'member',
  enabled: true,
};

function draftOf(holdout: Holdout | null): Draft {
  const { title, share, tags, surfaces, unitType, except = null, enabled } = holdout ?? NEW;
  return {
    ...{ title, unitType, enabled },
    share: Number((share * 100).toFixed(4)),
    tags: [...(tags ?? [])],
    surfaces: [...(surfaces ?? [])],
    except: fromCondition(except),
  };
}

const bodyOf = ({ title, share, tags, surfaces, except, enabled }: Draft): Record<string, unknown> => ({
  title,
  share: Number((share / 100).toFixed(6)),
  tags: tags.length === 0 ? null : tags,
  surfaces: surfaces.length === 0 ? null : surfaces,
  except: toCondition(except),
  enabled,
});

/** Makes or changes a holdout. */
export function HoldoutDialog({ holdout, close }: HoldoutDialogProps): ReactElement {
  const [draft, setDraft] = useState(() => draftOf(holdout));
  const write = useWrite<Holdout>(['/v1/holdouts', '/v1/portfolio']);
  const set = (changed: Partial<Draft>): void => setDraft({ ...draft, ...changed });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const body = bodyOf(draft);
    write.mutate(
      holdout === null
        ? { path: '/v1/holdouts', body: { ...body, unitType: draft.unitType, key: slug(draft.title) } }
        : {
            path: `/v1/holdouts/${segment(holdout.key)}`,
            method: 'PATCH',
            body,
            version: holdout.revision,
          },
      { onSuccess: close },
    );
  };
  return (
    <Modal
      opened
      onClose={close}
      size="lg"
      title={<Text fw={620}>{holdout === null ? 'New holdout' : `Edit ${holdout.title}`}</Text>}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <Fields draft={draft} set={set} isNew={holdout === null} />
          {holdout !== null && draft.share < draftOf(holdout).share ? (
            <Alert color="orange" variant="light" title="A smaller share lets units go">
              Units that leave have been on both sides and are left out of its lift. More share moves nobody
              out.
            </Alert>
          ) : null}
          <NotSaved title="The holdout was not saved" error={write.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={write.isPending}
              disabled={draft.title.trim() === '' || targetingProblem(draft.except) !== null}
            >
              Save holdout
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface FieldsProps {
  draft: Draft;
  set: (changed: Partial<Draft>) => void;
  isNew: boolean;
}

function Fields({ draft, set, isNew }: FieldsProps): ReactElement {
  const surfaces = useSurfaces().data?.items ?? [];
  const units = useUnitTypes().data?.items ?? [{ key: draft.unitType, title: draft.unitType }];
  const operators = useCatalog().data?.conditionOperators ?? [];
  return (
    <>
      <TextInput
        label="Title"
        required
        value={draft.title}
        onChange={(event) => set({ title: event.currentTarget.value })}
      />
      <NumberInput
        label="Share"
        description="Of all units."
        suffix="%"
        min={0}
        max={100}
        value={draft.share}
        onChange={(next) => set({ share: Number(next) })}
      />
      <TagsInput
        label="Tags"
        description="It withholds experiments with one of these tags, also later ones. Empty: every experiment."
        value={draft.tags}
        onChange={(tags) => set({ tags })}
      />
      <MultiSelect
        label="Surfaces"
        description="Where it withholds. Empty: everywhere, also on later surfaces."
        searchable
        data={surfaces.map(({ key, title }) => ({ value: key, label: `${title} (${key})` }))}
        value={draft.surfaces}
        onChange={(next) => set({ surfaces: next })}
      />
      <Select
        label="Unit"
        description={isNew ? 'Whose share is held out' : 'Whose share is held out; it stays as it was made'}
        allowDeselect={false}
        disabled={!isNew}
        data={units.map(({ key, title }) => ({ value: key, label: title }))}
        value={draft.unitType}
        onChange={(unitType) => set({ unitType: unitType ?? draft.unitType })}
      />
      <TargetingFields
        title="Spares requests that meet"
        lead="Spares"
        whole="nobody"
        targeting={draft.except}
        change={(except) => set({ except })}
        problem={undefined}
        operators={operators}
        withSegments={false}
      />
      <Switch
        label="On"
        checked={draft.enabled}
        onChange={(event) => set({ enabled: event.currentTarget.checked })}
      />
    </>
  );
}
