import { Select, Tabs } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useDecisions, useEvents, useKeys, useSurfaces } from '../../api/queries.js';
import { ago } from '../../format/index.js';
import { CheckList } from '../../ui/check-list.js';
import { CodeBlock } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { KeyField } from './key-field.js';
import { KEY_PLACE, SNIPPETS } from './snippets.js';

/** From nothing to a first treatment: a snippet to paste and a list that ticks itself. */
export function ConnectPage(): ReactElement {
  const surfaces = useSurfaces().data?.items ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  const [key, setKey] = useState('');
  const filled = (code: string): string =>
    key.startsWith('mq_pub_') ? code.replaceAll(KEY_PLACE, key) : code;
  const surface = chosen ?? surfaces[0]?.key ?? 'home.rows';
  return (
    <>
      <PageHeader
        title="Connect an app"
        meta="Ask for a treatment, report what happened. A publishable key is all an app needs."
      />
      <div className={layout.aside}>
        <Panel
          title="Ask for a treatment, report the outcome"
          actions={
            <Select
              aria-label="Surface"
              size="xs"
              w={180}
              data={surfaces.map(({ key }) => key)}
              value={surfaces.length === 0 ? null : surface}
              placeholder={surface}
              onChange={setChosen}
            />
          }
        >
          <KeyField value={key} onChange={setKey} />
          <Tabs defaultValue="curl" keepMounted={false}>
            <Tabs.List mb="md" aria-label="Language">
              {SNIPPETS.map(({ key: tab, title }) => (
                <Tabs.Tab key={tab} value={tab}>
                  {title}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {SNIPPETS.map(({ key: tab, title, code }) => (
              <Tabs.Panel key={tab} value={tab}>
                <CodeBlock code={filled(code(window.location.origin, surface))} label={`${title} example`} />
              </Tabs.Panel>
            ))}
          </Tabs>
        </Panel>
        <Progress />
      </div>
    </>
  );
}

function Progress(): ReactElement {
  const keys = useKeys().data?.items ?? [];
  const decisions = useDecisions({ limit: 1 }, true).data?.items ?? [];
  const events = useEvents({ limit: 20 }, true).data?.items ?? [];
  const last = decisions[0];
  const exposure =
    events.find((event) => event.kind === 'exposure') ?? (last?.exposed === true ? last : undefined);
  const outcome = events.find((event) => event.kind === 'outcome' && event.decisionId !== null);
  return (
    <Panel title="How far you are" note="Ticks itself every 2 seconds.">
      <CheckList
        items={[
          {
            text: 'A publishable key exists',
            holds: keys.some((key) => key.role === 'publishable' && !key.revokedAt),
            needed: true,
          },
          {
            text: last === undefined ? 'First decision' : `Decisions arrive, last ${ago(last.at)}`,
            holds: last !== undefined,
            needed: true,
          },
          { text: 'An exposure was reported', holds: exposure !== undefined, needed: true },
          { text: 'An outcome names its decision', holds: outcome !== undefined, needed: true },
        ]}
      />
    </Panel>
  );
}
