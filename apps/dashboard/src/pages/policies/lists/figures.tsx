import { NativeSelect, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import type { ListFigures, PolicyDiversity } from '../../../api/policy-lists.js';
import { BandChart } from '../../../charts/band-chart.js';
import { ChartFrame } from '../../../charts/chart-frame.js';
import { count, date, dateTime, decimal, percent } from '../../../format/index.js';
import { Stat, Stats } from '../../../ui/details.js';
import { useUrlState } from '../../../ui/url-state.js';

type Key = Exclude<keyof ListFigures, 'lists' | 'members' | 'titles'>;

interface Figure {
  key: Key;
  title: string;
  note: string;
  text: (value: number | null) => string;
}

const bits = (value: number | null): string => (value === null ? '—' : `${decimal(value, 2)} bits`);
const share = (value: number | null): string => percent(value);
const index = (value: number | null): string => decimal(value, 3);

const FIGURES: readonly Figure[] = [
  { key: 'entropy', title: 'Genre entropy', note: 'of a list; 0 is one genre', text: bits },
  { key: 'novelty', title: 'Novelty', note: 'surprise per title', text: bits },
  { key: 'coverage', title: 'Coverage', note: 'of the titles on offer', text: share },
  { key: 'gini', title: 'Gini of exposure', note: '0: all titles alike', text: index },
  { key: 'distance', title: 'Distance in a list', note: '1: no genre in common', text: index },
  { key: 'overlap', title: 'Overlap', note: 'of two members’ titles', text: share },
];

const HEADINGS = {
  day: 'Day',
  lists: 'Lists',
  members: 'Members',
  ...(Object.fromEntries(FIGURES.map(({ key, title }) => [key, title])) as Record<Key, string>),
};

/** All figures of the period, and one of them day by day. */
export function Figures({ id, data }: { id: string; data: PolicyDiversity }): ReactElement {
  const [chosen, setFigure] = useUrlState('figure');
  const figure = FIGURES.find(({ key }) => key === chosen) ?? (FIGURES[0] as Figure);
  return (
    <>
      <Stats>
        {FIGURES.map(({ key, note, text, title }) => (
          <Stat key={key} label={title} value={text(data.total[key])} note={note} />
        ))}
      </Stats>
      <NativeSelect
        size="xs"
        maw={240}
        mt="md"
        label="Day by day"
        data={FIGURES.map(({ key, title }) => ({ value: key, label: title }))}
        value={figure.key}
        onChange={({ currentTarget }) =>
          setFigure(currentTarget.value === FIGURES[0]?.key ? null : currentTarget.value)
        }
      />
      <ChartFrame
        title={`${figure.title} of ${id}`}
        summary={`${figure.title} ${figure.text(data.total[figure.key])} over ${count(data.total.lists)} lists to ${count(data.total.members)} members.`}
        headings={HEADINGS}
        rows={data.days.map((day) => ({ id: day.day, cells: { ...day } }))}
        format={(key, value) => {
          if (typeof value !== 'number') return value ?? '—';
          return FIGURES.find((one) => one.key === key)?.text(value) ?? count(value);
        }}
        {...(data.from === null ? {} : { source: `Decisions since ${dateTime(data.from)}` })}
      >
        <BandChart
          series={[{ key: figure.key, title: figure.title, look: 1 }]}
          points={data.days.map((day) => ({
            x: day.day,
            values: { [figure.key]: { value: day[figure.key], lower: null, upper: null } },
          }))}
          formatX={(x) => date(x)}
          formatY={(y) => figure.text(y)}
          labelX="Day of the decisions"
          whole
          height={220}
        />
      </ChartFrame>
      <Text size="sm" mt="sm">
        {driftSentence(data)}
      </Text>
    </>
  );
}

/** Says in words whether members' mixes move and narrow. */
function driftSentence({ drift, feature }: PolicyDiversity): string {
  const { divergence, entropyChange, members, standardError } = drift;
  if (divergence === null || entropyChange === null)
    return `Drift cannot be told: no member was shown titles with ${feature} in both halves of the period.`;
  const margin = standardError === null ? null : 1.96 * standardError;
  const moved = `From the first half of the period to the second, the mix of ${count(members)} members moved by ${decimal(divergence, 3)} bits (0: not at all, 1: nothing in common)`;
  const change = `${decimal(Math.abs(entropyChange), 3)} bits${margin === null ? '' : ` ± ${decimal(margin, 3)}`}`;
  if (margin !== null && entropyChange + margin < 0)
    return `${moved}. Lists narrowed, by ${change} of entropy.`;
  if (margin !== null && entropyChange - margin > 0)
    return `${moved}. Lists widened, by ${change} of entropy.`;
  return `${moved}. Whether lists narrowed is not clear: entropy changed by ${entropyChange < 0 ? '-' : ''}${change}.`;
}
