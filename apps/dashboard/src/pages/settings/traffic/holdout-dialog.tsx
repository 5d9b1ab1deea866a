import {
  Alert,
  Button,
  Group,
  Modal,
  NumberInput,
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
import type { Holdout, Json } from '../../../api/types.js';
import { slug } from '../../../format/slug.js';
import { JsonInputField } from '../../../ui/json-field.js';
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
  except: Json | undefined;
  enabled: boolean;
}

const draftOf = (holdout: Holdout | null): Draft => ({
  title: holdout?.title ?? '',
  share: Number(((holdout?.share ?? 0.02) * 100).toFixed(4)),
  tags: [...(holdout?.tags ?? [])],
  except: (holdout?.except ?? null) as Json,
  enabled: holdout?.enabled ?? true,
});

const bodyOf = ({ title, share, tags, except, enabled }: Draft): Record<string, unknown> => ({
  title,
  share: Number((share / 100).toFixed(6)),
  tags: tags.length === 0 ? null : tags,
  except: except ?? null,
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
        ? { path: '/v1/holdouts', body: { ...body, key: slug(draft.title) } }
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
          <Fields draft={draft} set={set} />
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
            <Button type="submit" loading={write.isPending} disabled={draft.title.trim() === ''}>
              Save holdout
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Fields({ draft, set }: { draft: Draft; set: (changed: Partial<Draft>) => void }): ReactElement {
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
      <JsonInputField
        label="Spares requests that meet"
        description='For internal users, e.g. {"attribute": "internal", "op": "eq", "value": true}; null spares nobody.'
        minRows={2}
        value={draft.except}
        onChange={(except) => set({ except })}
      />
      <Switch
        label="On"
        checked={draft.enabled}
        onChange={(event) => set({ enabled: event.currentTarget.checked })}
      />
    </>
  );
}
