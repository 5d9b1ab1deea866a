import { Autocomplete, Button, NumberInput, Select, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { usePolicies } from '../../api/queries.js';
import { useCounterfactual } from '../../api/replays.js';
import type { WhatIf } from '../../api/replays.js';
import type { DecisionDetail, Json } from '../../api/types.js';
import { json } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import { NO_EDIT, changesIn, isEmpty, readEdit, valueOf, withChange, writeEdit } from './what-if-edit.js';
import { WhatIfTable } from './what-if-table.js';

const CONTEXT = '(context)';

/** The decision made again with something about it changed; the edit is part of the address. */
export function WhatIfPanel({ decision }: { decision: DecisionDetail }): ReactElement | null {
  const [text, setText] = useUrlState('whatif');
  const edit = readEdit(text);
  const asked = isEmpty(edit) ? null : edit;
  const query = useCounterfactual(decision.id, asked);
  if (decision.kind === 'value' || decision.candidates.length === 0) return null;
  const change = (next: WhatIf): void => setText(writeEdit(next));
  return (
    <Panel
      title="What if"
      note="The same request with something changed, drawn again with the same seed. Nothing is served or stored."
    >
      <AddChange decision={decision} edit={edit} change={change} />
      <AnsweredBy key={text} decision={decision} edit={edit} change={change} />
      <Edits edit={edit} change={change} />
      {asked === null ? (
        <StateMessage icon="info" title="Nothing is changed yet">
          Change an attribute of the context, a feature of a candidate, or who answers.
        </StateMessage>
      ) : (
        <QueryBoundary query={query} what="answer" lines={5}>
          {(answer) => <WhatIfTable answer={answer} />}
        </QueryBoundary>
      )}
    </Panel>
  );
}

interface EditProps {
  decision: DecisionDetail;
  edit: WhatIf;
  change: (edit: WhatIf) => void;
}

function featuresOf(decision: DecisionDetail, where: string): Record<string, Json> {
  if (where === CONTEXT) return decision.context;
  return decision.candidatesDetail.find(({ id }) => id === where)?.features ?? {};
}

function AddChange({ decision, edit, change }: EditProps): ReactElement {
  const [where, setWhere] = useState(CONTEXT);
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const features = featuresOf(decision, where);
  const apply = (to: Json): void => {
    change(withChange(edit, where === CONTEXT ? null : where, name.trim(), to));
    setName('');
    setValue('');
  };
  return (
    <form
      className={layout.toolbar}
      aria-label="Change a feature"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== '') apply(valueOf(value));
      }}
    >
      <Select
        label="Of"
        w={190}
        allowDeselect={false}
        searchable
        data={[
          { value: CONTEXT, label: 'The context' },
          ...decision.candidatesDetail.map(({ id, title }) => ({ value: id, label: title || id })),
        ]}
        value={where}
        onChange={(chosen) => setWhere(chosen ?? CONTEXT)}
      />
      <Autocomplete label="Feature" w={170} data={Object.keys(features)} value={name} onChange={setName} />
      <TextInput
        label="New value"
        w={190}
        placeholder={Object.hasOwn(features, name) ? json(features[name]) : 'a new feature'}
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
      />
      <Button type="submit" disabled={name.trim() === ''}>
        Change
      </Button>
      <Button variant="default" disabled={!Object.hasOwn(features, name)} onClick={() => apply(null)}>
        Take away
      </Button>
    </form>
  );
}

function AnsweredBy({ decision, edit, change }: EditProps): ReactElement {
  const policies = usePolicies();
  const [version, setVersion] = useState<string | number>(edit.version ?? '');
  const own = decision.policy?.id ?? null;
  const { policyId: _policy, version: _version, ...features } = edit;
  const answer = (policyId: string | null, at: string | number): void =>
    change({
      ...features,
      ...(policyId === null || policyId === own ? {} : { policyId }),
      ...(typeof at === 'number' ? { version: at } : {}),
    });
  return (
    <form
      className={layout.toolbar}
      aria-label="Who answers"
      onSubmit={(event) => {
        event.preventDefault();
        answer(edit.policyId ?? own, version);
      }}
    >
      <Select
        label="Answered by"
        w={260}
        placeholder="a policy"
        data={(policies.data?.items ?? []).map(({ id, title }) => ({ value: id, label: title }))}
        value={edit.policyId ?? own}
        onChange={(id) => answer(id, '')}
      />
      <NumberInput
        label="In snapshot"
        w={130}
        min={0}
        allowDecimal={false}
        placeholder={edit.policyId === undefined ? String(decision.policy?.version ?? '') : 'serving'}
        value={version}
        onChange={setVersion}
      />
      <Button type="submit" variant="default">
        Ask
      </Button>
    </form>
  );
}

function Edits({ edit, change }: Omit<EditProps, 'decision'>): ReactElement | null {
  const changes = changesIn(edit);
  if (isEmpty(edit)) return null;
  return (
    <div className={layout.toolbar}>
      {changes.map(({ action, name, value }) => {
        const text = `${action === null ? '' : `${action}: `}${name} ${value === null ? 'taken away' : `→ ${json(value)}`}`;
        return (
          <Button
            key={`${action ?? ''}/${name}`}
            size="compact-sm"
            variant="default"
            rightSection={<Icon name="cross" size={11} />}
            aria-label={`Undo ${text}`}
            onClick={() => change(withChange(edit, action, name, undefined))}
          >
            {text}
          </Button>
        );
      })}
      <Button size="compact-sm" variant="subtle" onClick={() => change(NO_EDIT)}>
        As it was
      </Button>
    </div>
  );
}
