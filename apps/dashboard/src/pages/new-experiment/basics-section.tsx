import { Chip, Group, Stack, TagsInput, Text, TextInput, Textarea } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { slug } from '../../format/slug.js';
import { emptyDraft } from './draft.js';
import type { SectionProps } from './section-props.js';
import { SurfaceFields } from './surface-fields.js';
import { TEMPLATES } from './templates.js';

/** What only some templates change goes back to what it was. */
const { unitType, switchback, minimumDays, tags } = emptyDraft();
const PLAIN = { unitType, switchback, minimumDays, tags };

/** What is tested, where, and why. */
export function BasicsSection(props: SectionProps): ReactElement {
  const { draft, set, problems, surfaces, policies } = props;
  const [template, setTemplate] = useState(TEMPLATES[0]);
  const choose = (key: string): void => {
    const next = TEMPLATES.find((one) => one.key === key);
    setTemplate(next);
    if (next) set({ ...PLAIN, ...next.fill({ policies, surfaces }) });
  };
  return (
    <Panel title="What is tested">
      <Stack gap="md">
        <div>
          <Chip.Group value={template?.key ?? ''} onChange={choose}>
            <Group gap="xs" role="radiogroup" aria-label="Template">
              {TEMPLATES.map(({ key, title }) => (
                <Chip key={key} value={key}>
                  {title}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
          <Text size="sm" c="dimmed" mt={6}>
            {template?.explain}
          </Text>
        </div>
        <div className={layout.fields}>
          <TextInput
            label="Name"
            required
            autoFocus
            error={problems['/title']}
            value={draft.title}
            onChange={(event) => set({ title: event.currentTarget.value })}
          />
          <TextInput
            label="Key"
            placeholder={slug(draft.title) || 'from the name'}
            error={problems['/key']}
            value={draft.key}
            onChange={(event) => set({ key: event.currentTarget.value })}
          />
        </div>
        <Textarea
          label="Hypothesis"
          description="What will change, by how much, and why you believe it"
          required
          autosize
          minRows={2}
          error={problems['/hypothesis']}
          value={draft.hypothesis}
          onChange={(event) => set({ hypothesis: event.currentTarget.value })}
        />
        <SurfaceFields {...props} />
        <div className={layout.fields}>
          <TextInput
            label="Owner"
            value={draft.owner}
            onChange={(event) => set({ owner: event.currentTarget.value })}
          />
          <TagsInput label="Tags" value={draft.tags} onChange={(tags) => set({ tags })} />
        </div>
      </Stack>
    </Panel>
  );
}
