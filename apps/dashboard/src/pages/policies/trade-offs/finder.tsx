import { Button, Group, NumberInput, Select, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import type { ObjectiveName, TradeOffPoint } from '../../../api/trade-offs.js';
import layout from '../../../ui/layout.module.css';
import { Panel } from '../../../ui/panel.js';
import { useUrlParams } from '../../../ui/url-state.js';
import { bestUnder } from './best-under.js';
import type { Bounds } from './best-under.js';
import { OBJECTIVE, OBJECTIVES, figure, settingText } from './words.js';

interface FinderProps {
  points: readonly TradeOffPoint[];
  choose: (place: string) => void;
}

/** Most of one objective with at least so much of the others, among the settings that were tried; kept in the address. */
export function Finder({ points, choose }: FinderProps): ReactElement {
  const [params, set] = useUrlParams();
  const most = OBJECTIVES.find((name) => name === params.get('most')) ?? 'play';
  const bounds: Bounds = Object.fromEntries(
    OBJECTIVES.filter((name) => name !== most).flatMap((name) => {
      const value = Number(params.get(`least-${name}`) || NaN);
      return Number.isFinite(value) ? [[name, value]] : [];
    }),
  );
  const now = points.find(({ current }) => current);
  const { place, keep } = bestUnder(points, most, bounds);
  return (
    <Panel
      title="Find a setting"
      note="The most of one objective with at least so much of the others, by the means of the settings that were tried."
    >
      <div className={layout.fields}>
        <Select
          label="The most"
          data={OBJECTIVES.map((value) => ({ value, label: OBJECTIVE[value].title }))}
          value={most}
          allowDeselect={false}
          onChange={(to) => set('most', to)}
        />
        {OBJECTIVES.filter((name) => name !== most).map((name) => (
          <NumberInput
            key={name}
            label={`${OBJECTIVE[name].title} at least`}
            description={now === undefined ? undefined : `${figure(now.objectives[name].estimate)} now`}
            placeholder="any"
            min={0}
            max={1}
            step={0.01}
            decimalScale={4}
            value={bounds[name] ?? ''}
            onChange={(to) => set(`least-${name}`, to === '' ? null : String(to))}
          />
        ))}
      </div>
      <Group mt="md" gap="sm" role="status">
        <Text size="sm">{sentence(points, most, place, keep)}</Text>
        {place === null ? null : (
          <Button size="compact-sm" variant="default" onClick={() => choose(String(place))}>
            Choose it
          </Button>
        )}
      </Group>
    </Panel>
  );
}

function sentence(
  points: readonly TradeOffPoint[],
  most: ObjectiveName,
  place: number | null,
  keep: number,
): string {
  const point = place === null ? undefined : points[place];
  if (place === null || point === undefined)
    return `None of the ${points.length} settings keeps these bounds. Lower one, or compute settings of your own.`;
  const value = `${OBJECTIVE[most].title.toLowerCase()} ${figure(point.objectives[most].estimate)}`;
  const found = `${settingText(point.setting)}, ${value}.`;
  if (keep === 1) return `Setting number ${place + 1} alone keeps these bounds: ${found}`;
  return `Of ${keep} settings that keep these bounds, number ${place + 1} has the most: ${found}`;
}
