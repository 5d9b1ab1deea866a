import type { ReactElement } from 'react';
import type { PagePreview } from '../../api/pages.js';
import { CsvButton } from '../../charts/csv-button.js';

const HEADINGS = {
  side: 'Side',
  row: 'Row',
  rowPlace: 'Place of the row',
  place: 'Place',
  id: 'Id',
  title: 'Title',
  score: 'Score',
  propensity: 'Probability here',
  artwork: 'Artwork',
  because: 'Because of',
};

/** Every title of every page, a row each. */
export function PageCsv({ preview }: { preview: PagePreview }): ReactElement {
  const rows = preview.sides.flatMap((side, index) =>
    side.rows.flatMap((row, rowPlace) =>
      row.titles.map((title, place) => ({
        id: `${index}/${rowPlace}/${place}`,
        cells: {
          side: index + 1,
          row: row.title,
          rowPlace: rowPlace + 1,
          place: place + 1,
          id: title.id,
          title: title.title,
          score: title.score,
          propensity: title.propensity,
          artwork: title.artwork?.id ?? null,
          because: title.because.map((one) => one.title).join('; '),
        },
      })),
    ),
  );
  return <CsvButton title="Page preview" headings={HEADINGS} rows={rows} />;
}
