import { Button, Select } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { segment } from '../../../api/http.js';
import type { ObjectiveName, TradeOffPoint, TradeOffRun } from '../../../api/trade-offs.js';
import type { Policy } from '../../../api/types.js';
import { ChartFrame } from '../../../charts/chart-frame.js';
import { ScatterChart } from '../../../charts/scatter-chart.js';
import type { MarkKind } from '../../../charts/scatter-chart.js';
import { count, dateTime } from '../../../format/index.js';
import { Facts } from '../../../ui/details.js';
import layout from '../../../ui/layout.module.css';
import { Panel } from '../../../ui/panel.js';
import { useUrlParams } from '../../../ui/url-state.js';
import { CandidateDialog } from './candidate-dialog.js';
import { Finder } from './finder.js';
import { OBJECTIVE, OBJECTIVES, changeText, figure, frontOf, settingText, withSpread } from './words.js';

type Curve = NonNullable<TradeOffRun['result']>;

const objectiveOf = (text: string | null, otherwise: ObjectiveName): ObjectiveName =>
  OBJECTIVES.find((name) => name === text) ?? otherwise;

/** The curve of one run: two objectives against each other, every point with its interval, and what to do with one. */
export function CurveView({
  policy,
  run,
  result,
}: {
  policy: Policy;
  run: string;
  result: Curve;
}): ReactElement {
  const [params, set] = useUrlParams();
  const { points, units, places } = result.curve;
  const x = objectiveOf(params.get('x'), 'play');
  const y = objectiveOf(params.get('y'), 'diversity');
  const chosen = Math.min(points.length - 1, Math.max(0, Math.round(Number(params.get('point') ?? 0)) || 0));
  const front = frontOf(points, x, y);
  const kindOf = (place: number): MarkKind => {
    if (points[place]?.current === true) return 'current';
    return front.has(place) ? 'front' : 'other';
  };
  return (
    <div className={layout.stack}>
      <Panel
        title={`${OBJECTIVE[y].title} against ${OBJECTIVE[x].title.toLowerCase()}`}
        note={`Lists of ${places} for ${count(units)} members, after ${dateTime(result.data.heldOutFrom)}; the model had learned from what came before. Bars are 95% intervals of the change from how it is now, over members.`}
        actions={<Axes x={x} y={y} set={set} />}
      >
        <ChartFrame
          title={`Trade-offs of ${policy.title}`}
          summary={summaryOf(points, front, x, y)}
          headings={HEADINGS}
          rows={points.map((point, place) => ({
            id: String(place),
            cells: cellsOf(point, place, kindOf(place)),
          }))}
          format={(_key, value) => (typeof value === 'number' ? figure(value) : (value ?? '—'))}
          legend={<Legend />}
        >
          <ScatterChart
            points={points.map((point, place) => ({
              id: String(place),
              label: settingText(point.setting),
              kind: kindOf(place),
              front: front.has(place),
              x: point.objectives[x].estimate,
              y: point.objectives[y].estimate,
              spreadX: point.change[x].upper - point.change[x].estimate,
              spreadY: point.change[y].upper - point.change[y].estimate,
            }))}
            labelX={OBJECTIVE[x].title}
            labelY={OBJECTIVE[y].title}
            format={figure}
            chosen={String(chosen)}
            choose={(id) => set('point', id)}
          />
        </ChartFrame>
      </Panel>
      <Finder points={points} choose={(id) => set('point', id)} />
      <Chosen policy={policy} run={run} points={points} place={chosen} choose={(id) => set('point', id)} />
    </div>
  );
}

function Axes({
  x,
  y,
  set,
}: {
  x: ObjectiveName;
  y: ObjectiveName;
  set: (name: string, value: string | null) => void;
}): ReactElement {
  const data = OBJECTIVES.map((value) => ({ value, label: OBJECTIVE[value].title }));
  return (
    <div className={layout.fields}>
      <Select
        label="Across"
        size="xs"
        data={data}
        value={x}
        allowDeselect={false}
        onChange={(to) => set('x', to)}
      />
      <Select
        label="Upwards"
        size="xs"
        data={data}
        value={y}
        allowDeselect={false}
        onChange={(to) => set('y', to)}
      />
    </div>
  );
}

const MARKS: readonly (readonly [string, ReactElement])[] = [
  ['as it is now', <rect key="now" x="3" y="2" width="9" height="9" fill="var(--mq-text)" />],
  ['nothing beats it in both', <circle key="front" cx="7" cy="7" r="5" fill="var(--mq-s1)" />],
  ['beaten', <circle key="other" cx="7" cy="7" r="4" fill="none" stroke="var(--mq-s1)" strokeWidth="2" />],
];

function Legend(): ReactElement {
  return (
    <>
      {MARKS.map(([label, shape]) => (
        <span key={label}>
          <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
            {shape}
          </svg>{' '}
          {label}
        </span>
      ))}
    </>
  );
}

const HEADINGS = {
  setting: 'Setting',
  mark: 'Mark',
  ...Object.fromEntries(
    OBJECTIVES.flatMap((name) => [
      [name, OBJECTIVE[name].title],
      [`${name}Lower`, 'from'],
      [`${name}Upper`, 'to'],
    ]),
  ),
};
const WORD: Record<MarkKind, string> = { current: 'as it is now', front: 'on the front', other: 'beaten' };

const cellsOf = (point: TradeOffPoint, place: number, kind: MarkKind): Record<string, string | number> => ({
  setting: `${place + 1}: ${settingText(point.setting)}`,
  mark: WORD[kind],
  ...Object.fromEntries(
    OBJECTIVES.flatMap((name) => {
      const { estimate, lower, upper } = point.objectives[name];
      return [
        [name, estimate],
        [`${name}Lower`, lower],
        [`${name}Upper`, upper],
      ];
    }),
  ),
});

function summaryOf(
  points: readonly TradeOffPoint[],
  front: ReadonlySet<number>,
  x: ObjectiveName,
  y: ObjectiveName,
): string {
  const now = points.find(({ current }) => current);
  if (now === undefined) return '';
  const place = points.indexOf(now);
  const names = `${OBJECTIVE[x].title.toLowerCase()} and ${OBJECTIVE[y].title.toLowerCase()}`;
  const standing = front.has(place) ? 'nothing beats it in both' : 'other settings beat it in both';
  return `Of ${points.length} settings, ${front.size} are not beaten in ${names}. As it is now, ${names} are ${figure(now.objectives[x].estimate)} and ${figure(now.objectives[y].estimate)}; ${standing}.`;
}

function Chosen({
  policy,
  run,
  points,
  place,
  choose,
}: {
  policy: Policy;
  run: string;
  points: readonly TradeOffPoint[];
  place: number;
  choose: (place: string) => void;
}): ReactElement | null {
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const point = points[place];
  if (point === undefined) return null;
  return (
    <Panel
      title="The chosen setting"
      note="▲ and ▼: the interval of the change leaves out 0. ●: it does not."
      actions={
        <Button size="compact-sm" disabled={point.current} onClick={() => setAsking(true)}>
          Make it a policy
        </Button>
      }
    >
      <Select
        label="Setting"
        mb="md"
        allowDeselect={false}
        data={points.map(({ setting, current }, at) => ({
          value: String(at),
          label: `${at + 1}: ${settingText(setting)}${current ? ' (as it is now)' : ''}`,
        }))}
        value={String(place)}
        onChange={(to) => to !== null && choose(to)}
      />
      <Facts
        columns
        facts={OBJECTIVES.map((name) => ({
          label: OBJECTIVE[name].title,
          value: `${withSpread(point.objectives[name])} (${changeText(point.change[name])}): ${OBJECTIVE[name].what}`,
        }))}
      />
      {asking ? (
        <CandidateDialog
          policy={policy}
          run={run}
          place={place}
          text={settingText(point.setting)}
          close={() => setAsking(false)}
          created={(id) => void navigate(`/policies/${segment(id)}/setup`)}
        />
      ) : null}
    </Panel>
  );
}
