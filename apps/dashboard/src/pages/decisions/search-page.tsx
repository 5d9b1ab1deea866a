import { Button, TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useDecisions } from '../../api/queries.js';
import { DataTable } from '../../ui/data-table.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import { decisionColumns } from './decision-columns.js';

/** Why did this unit see this? Search by unit, or open a decision by its id. */
export function DecisionsPage(): ReactElement {
  const [unit, setUnit] = useUrlState('unit');
  const query = useDecisions({ unitId: unit || null, limit: 100 }, false);
  return (
    <>
      <PageHeader
        title="Decisions"
        meta="Why did this unit see this? Every answer Marquee gave, with its probability and its cause."
      />
      <Search unit={unit} setUnit={setUnit} />
      <Panel title={unit === '' ? 'Latest decisions' : `Decisions for ${unit}`} flush>
        <QueryBoundary
          query={query}
          what="decisions"
          lines={8}
          isEmpty={(page) => page.items.length === 0}
          empty={<NothingFound unit={unit} />}
        >
          {(page) => (
            <DataTable
              caption="Decisions"
              columns={decisionColumns()}
              rows={page.items}
              rowKey={(decision) => decision.id}
            />
          )}
        </QueryBoundary>
      </Panel>
    </>
  );
}

function NothingFound({ unit }: { unit: string }): ReactElement {
  if (unit === '') {
    return (
      <StateMessage icon="decisions" title="No decisions yet">
        They appear as soon as an app asks for a treatment.
      </StateMessage>
    );
  }
  return (
    <StateMessage icon="decisions" title={`No decision for ${unit}`}>
      Either this unit never asked for a treatment, or its data was erased or has passed its retention time.
    </StateMessage>
  );
}

function Search({ unit, setUnit }: { unit: string; setUnit: (unit: string | null) => void }): ReactElement {
  const navigate = useNavigate();
  const [unitText, setUnitText] = useState(unit);
  const [idText, setIdText] = useState('');
  const find = (event: FormEvent): void => {
    event.preventDefault();
    setUnit(unitText.trim() || null);
  };
  const open = (event: FormEvent): void => {
    event.preventDefault();
    if (idText.trim() !== '') void navigate(`/decisions/${encodeURIComponent(idText.trim())}`);
  };
  return (
    <div className={layout.toolbar}>
      <form
        className={layout.toolbar}
        style={{ margin: 0 }}
        onSubmit={find}
        role="search"
        aria-label="By unit"
      >
        <TextInput
          label="Unit id"
          placeholder="m-000431"
          w={230}
          value={unitText}
          onChange={(event) => setUnitText(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          Find decisions
        </Button>
      </form>
      <form
        className={layout.toolbar}
        style={{ margin: 0 }}
        onSubmit={open}
        role="search"
        aria-label="By decision"
      >
        <TextInput
          label="Decision id"
          w={290}
          value={idText}
          onChange={(event) => setIdText(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          Open
        </Button>
      </form>
    </div>
  );
}
