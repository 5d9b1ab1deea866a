import { Button, Select, TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { usePagePreview } from '../../api/pages.js';
import type { PageConfig, PageLevel, PageQuestion } from '../../api/pages.js';
import type { Policy } from '../../api/types.js';
import layoutStyles from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { Moment } from '../members/moment-fields.js';
import { LEVELS, fieldOf, pageQuestionOf, usePageForm } from '../page-preview/page-form-state.js';
import { PageResult } from '../page-preview/page-result.js';
import type { Decider } from './deciders.js';

const LEVEL: Record<PageLevel, string> = { rows: 'Rows by', titles: 'Titles by', artwork: 'Artwork by' };
/** Stands in the address for the default order, where a policy would decide. */
const NOBODY = 'none';

interface DraftPreviewProps {
  draft: PageConfig;
  policies: readonly Policy[];
  deciders: readonly Decider[];
}

/** The draft as somebody would get it. Asked for by hand: every look at a member is audited. */
export function DraftPreview({ draft, policies, deciders }: DraftPreviewProps): ReactElement {
  const [form, setForm] = usePageForm();
  const [who, setWho] = useState(form);
  const [asked, setAsked] = useState<PageQuestion | null>(null);
  const preview = usePagePreview(asked);
  const usual = (level: PageLevel): string =>
    deciders.find((one) => one.level === level)?.policy.id ?? NOBODY;
  const policyOf = (level: PageLevel): string => who[fieldOf('left', level)] || usual(level);
  const isOld = asked !== null && asked.layout !== draft.layout;
  const show = (event: FormEvent): void => {
    event.preventDefault();
    setForm({ ...who, page: '' });
    const chosen = { ...who, page: draft.key || 'new', beside: '' };
    for (const level of LEVELS)
      chosen[fieldOf('left', level)] = policyOf(level) === NOBODY ? '' : policyOf(level);
    const question = pageQuestionOf(chosen);
    if (question !== null) setAsked({ ...question, layout: draft.layout });
  };
  return (
    <>
      <Panel
        title="Preview of the draft"
        note="Nothing is saved, served or recorded; a look at a member is audited."
      >
        <form aria-label="Preview of the draft" onSubmit={show}>
          <div className={layoutStyles.fields}>
            <TextInput
              label="Member"
              placeholder="somebody new"
              value={who.unit}
              onChange={(event) => setWho({ ...who, unit: event.currentTarget.value })}
            />
            <Moment draft={who} change={(field, value) => setWho({ ...who, [field]: value ?? '' })} />
            {LEVELS.map((level) => (
              <Select
                key={level}
                label={LEVEL[level]}
                searchable
                allowDeselect={false}
                data={[
                  { value: NOBODY, label: 'The default order' },
                  ...policies.map(({ id, title }) => ({ value: id, label: title || id })),
                ]}
                value={policyOf(level)}
                onChange={(value) => setWho({ ...who, [fieldOf('left', level)]: value ?? NOBODY })}
              />
            ))}
          </div>
          <Button type="submit" mt="md">
            {isOld ? 'Show the changed draft' : 'Show the draft'}
          </Button>
        </form>
      </Panel>
      {asked === null ? (
        <StateMessage icon="info" title="Nothing is shown yet">
          Say who and when, and show the draft as they would get it.
        </StateMessage>
      ) : (
        <QueryBoundary query={preview} what="page" lines={8}>
          {(data) => <PageResult preview={data} />}
        </QueryBoundary>
      )}
    </>
  );
}
