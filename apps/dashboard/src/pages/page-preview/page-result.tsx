import { Alert } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { segment } from '../../api/http.js';
import type { PagePreview, PagePreviewSide, PreviewedRow, PreviewedTitle } from '../../api/pages.js';
import { percent, plural, probability, significant } from '../../format/index.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { StateMessage } from '../../ui/state-message.js';
import { ContextPanel } from '../members/context-panel.js';
import { otherOf, rowDifference, titleDifference } from './differences.js';
import type { Other } from './differences.js';
import { LEVELS } from './page-form-state.js';
import { PageCsv } from './page-csv.js';
import styles from './page-preview.module.css';

/** One page beside another: rows from the top, titles with artwork, what differs in words, and why. */
export function PageResult({ preview }: { preview: PagePreview }): ReactElement {
  const { page, sides, comparison, context } = preview;
  return (
    <>
      {comparison === null ? null : (
        <Panel title={`${page.title}, side by side`} actions={<PageCsv preview={preview} />}>
          {sentence(comparison)}
        </Panel>
      )}
      <div className={sides.length > 1 ? layout.split : layout.stack}>
        {sides.map((side, index) => (
          <Side
            key={index}
            title={sides.length > 1 ? (index === 0 ? 'One way' : 'Beside it') : page.title}
            side={side}
            other={otherOf(sides[1 - index])}
            actions={comparison === null && index === 0 ? <PageCsv preview={preview} /> : undefined}
          />
        ))}
      </div>
      <ContextPanel context={context} />
    </>
  );
}

function sentence({ rows, titles, artwork }: NonNullable<PagePreview['comparison']>): string {
  const art =
    artwork.common === 0
      ? ''
      : ` Of ${plural(artwork.common, 'title')} with artwork in both, ${artwork.same} have the same.`;
  return `Both show ${plural(rows.common, 'row')}, ${rows.samePlace} in the same place, and ${plural(titles.common, 'title')} (${percent(titles.overlap, 0)}), ${titles.samePlace} in the same place.${art}`;
}

const LEVEL = { rows: 'Rows', titles: 'Titles', artwork: 'Artwork' } as const;
const SOURCES: Record<PagePreviewSide['historySource'], string> = {
  request: 'History as the newest request sent it',
  outcomes: 'History from the stored outcomes that count for the policy',
  given: 'History as given',
  none: 'Nothing is known of the member',
};

function Side({
  title,
  side,
  other,
  actions,
}: {
  title: string;
  side: PagePreviewSide;
  other: Other | null;
  actions?: ReactElement | undefined;
}): ReactElement {
  const by = LEVELS.map((level) => {
    const policy = side.policies[level];
    return `${LEVEL[level]}: ${policy === null ? 'the default order' : `${policy.title}, snapshot ${policy.version}`}`;
  });
  const past = `${SOURCES[side.historySource]}${side.history.length === 0 ? '' : ` (${plural(side.history.length, 'title')})`}.`;
  return (
    <Panel title={title} note={`${by.join('. ')}. ${past}`} actions={actions}>
      {side.error === null ? null : (
        <Alert color="orange" variant="light" title="There is no page">
          {side.error}
        </Alert>
      )}
      {side.error === null && side.rows.length === 0 ? (
        <StateMessage title="No row has enough titles" />
      ) : null}
      <ol className={styles.rows} aria-label={`Rows, ${title.toLowerCase()}`}>
        {side.rows.map((row, place) => (
          <Row key={row.id} row={row} place={place} other={other} />
        ))}
      </ol>
    </Panel>
  );
}

function Row({ row, place, other }: { row: PreviewedRow; place: number; other: Other | null }): ReactElement {
  const difference = rowDifference(other, row.id, place);
  const notes = [
    row.pinned ? 'pinned' : '',
    difference,
    row.propensity === 1 ? '' : `${probability(row.propensity)} to stand here`,
    `from ${plural(row.candidates, 'candidate')}`,
  ].filter((note) => note !== '');
  return (
    <li>
      <div className={styles.heading}>
        <h3>
          {place + 1}. {row.title}
        </h3>
        <span className={styles.note}>{notes.join(' · ')}</span>
      </div>
      {row.error === null ? null : <p className={styles.note}>{row.error}</p>}
      {row.error === null && row.titles.length === 0 ? (
        <p className={styles.note}>Everything that it had stands above: the row is not shown.</p>
      ) : null}
      <ol className={styles.titles}>
        {row.titles.map((title, at) => (
          <Tile key={title.id} title={title} difference={titleDifference(other, title.id, row.id, at)} />
        ))}
      </ol>
    </li>
  );
}

function Tile({ title, difference }: { title: PreviewedTitle; difference: string }): ReactElement {
  const differs = difference !== '' && difference !== 'same place';
  const [reason] = title.because;
  return (
    <li className={`${styles.tile ?? ''} ${differs ? (styles.differs ?? '') : ''}`}>
      {title.artwork === null ? null : <span className={styles.art}>{title.artwork.title}</span>}
      <Link className="mq-link" to={`/catalogue/${segment(title.id)}`}>
        {title.title}
      </Link>
      {difference === '' ? null : <span className={styles.note}>{difference}</span>}
      <span className={styles.note}>
        {title.pinned
          ? 'pinned here'
          : `${title.score === null ? '' : `score ${significant(title.score)}, `}${probability(title.propensity)} here`}
      </span>
      {reason === undefined ? null : (
        <span className={styles.note}>
          because of {reason.title} ({percent(reason.share, 0)})
        </span>
      )}
    </li>
  );
}
