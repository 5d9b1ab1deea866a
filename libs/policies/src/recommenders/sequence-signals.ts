import { DomainError } from '#experiments';
import type { Json } from '#experiments';
import { stateObject, stateTexts } from '../codec.js';
import type { DecisionRequest, SignalRows, TrainingSet } from '../contract.js';
import type { Window } from '../nets/window.js';

/** What the network knows of a step besides its title, in the order of its tables. */
export interface SignalVocabulary {
  /** Outcomes by which a step ended: completed, skipped, played again... */
  readonly actions: readonly string[];
  /** Devices on which the next step was asked for. */
  readonly devices: readonly string[];
  /** Whether the time from a step to the next one is read. */
  readonly gaps: boolean;
}

export const NO_SIGNALS: SignalVocabulary = { actions: [], devices: [], gaps: false };

const MOST_ACTIONS = 32;
const MOST_DEVICES = 16;
/** Ends of the classes of gaps, in minutes: at once, this hour, this part of the day, this day, week, month; later. */
const GAP_ENDS = [10, 60, 360, 1_440, 10_080, 43_200];
const MINUTE = 60_000;

/** Sizes of the network's tables. */
export const signalSizes = ({ actions, devices, gaps }: SignalVocabulary): number[] => [
  actions.length,
  devices.length,
  gaps ? GAP_ENDS.length + 1 : 0,
];

/** Class of a gap in milliseconds; -1 where it is not known. */
function gapClass(ms: number): number {
  if (!(ms >= 0)) return -1;
  const place = GAP_ENDS.findIndex((end) => ms < end * MINUTE);
  return place < 0 ? GAP_ENDS.length : place;
}

/** The most frequent of some names, the most frequent first; equally frequent ones by name. */
function mostFrequent(names: readonly string[], places: ArrayLike<number>, most: number): string[] {
  const counts = new Float64Array(names.length);
  for (let row = 0; row < places.length; row++) {
    const place = places[row] as number;
    if (place >= 0) counts[place] = (counts[place] as number) + 1;
  }
  return names
    .map((name, place) => ({ name, count: counts[place] as number }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => name);
}

function vocabularyOf(signals: SignalRows): SignalVocabulary {
  return {
    actions: mostFrequent(signals.names, signals.name, MOST_ACTIONS),
    devices: mostFrequent(signals.devices, signals.device, MOST_DEVICES),
    gaps: true,
  };
}

interface Step {
  readonly item: number;
  action: number;
  counts: number;
  readonly device: number;
  readonly from: number;
  to: number;
}

/** A run of outcomes about one title is one step, which ends by the newest of them. */
function stepsOf(signals: SignalRows, units: number): Step[][] {
  const steps = Array.from({ length: units }, (): Step[] => []);
  signals.unit.forEach((unit, row) => {
    const list = steps[unit] as Step[];
    const [item, action] = [signals.item[row] as number, signals.name[row] as number];
    const [at, counts] = [signals.at[row] as number, signals.counts[row] as number];
    const newest = list.at(-1);
    if (newest?.item === item) {
      newest.action = action;
      newest.to = at;
      newest.counts = Math.max(newest.counts, counts);
    } else list.push({ item, action, counts, device: signals.device[row] as number, from: at, to: at });
  });
  return steps;
}

const placesOf = (all: readonly string[], known: readonly string[]): number[] =>
  all.map((name) => known.indexOf(name));

/** The sequences of members with everything they did, in the numbers of a vocabulary. */
function signalledSequences(data: TrainingSet, signals: SignalRows, vocabulary: SignalVocabulary): Window[] {
  const action = placesOf(signals.names, vocabulary.actions);
  const device = placesOf(signals.devices, vocabulary.devices);
  return stepsOf(signals, data.units.length).map((steps) => ({
    items: Int32Array.from(steps, ({ item }) => item),
    counts: Uint8Array.from(steps, ({ counts }) => counts),
    signals: [
      Int32Array.from(steps, (step) => action[step.action] ?? -1),
      Int32Array.from(steps, (_, i) => device[steps[i + 1]?.device ?? -1] ?? -1),
      Int32Array.from(steps, ({ to }, i) => gapClass((steps[i + 1]?.from ?? NaN) - to)),
    ],
  }));
}

/** Items of each unit alone, in the order of its events. */
function plainSequences(data: TrainingSet): Window[] {
  const lists = Array.from(data.units, (): number[] => []);
  data.unit.forEach((unit, row) => (lists[unit] as number[]).push(data.item[row] as number));
  return lists.map((items) => ({ items: Int32Array.from(items) }));
}

/** What a network is trained on: the sequence of each member. */
export function sequencesOf(data: TrainingSet): {
  readonly sequences: Window[];
  readonly vocabulary: SignalVocabulary;
} {
  const { signals } = data;
  if (!signals) return { sequences: plainSequences(data), vocabulary: NO_SIGNALS };
  const vocabulary = vocabularyOf(signals);
  return { sequences: signalledSequences(data, signals, vocabulary), vocabulary };
}

/** A list of the context that goes with the history, entry by entry; empty where it does not. */
function alongside(request: DecisionRequest, name: string, length: number): readonly string[] {
  const list = request.context[name];
  return Array.isArray(list) && list.length === length ? list : [];
}

/**
 * The history of a request as the network reads it: the known items of `context.history` (ids, newest last), the newest `length`
 * of them. `historyActions`, `historyDevices` and `historyAt` (ISO times) say more of each where they have as many entries;
 * `device` and the time of the request say it of the title that is asked for.
 */
export function historySteps(
  request: DecisionRequest,
  position: ReadonlyMap<string, number>,
  length: number,
  vocabulary: SignalVocabulary,
): Window {
  const listed = request.context['history'];
  const history: readonly string[] = Array.isArray(listed) ? listed : [];
  const places: number[] = [];
  for (let i = history.length - 1; i >= 0 && places.length < length; i--) {
    if (position.has(history[i] as string)) places.push(i);
  }
  places.reverse();
  const actions = alongside(request, 'historyActions', history.length);
  const devices = alongside(request, 'historyDevices', history.length);
  const at = alongside(request, 'historyAt', history.length).map((text) => Date.parse(text));
  const device = request.context['device'];
  const next = <T>(list: readonly T[], k: number, now: T): T | undefined => {
    const place = places[k + 1];
    return place === undefined ? now : list[place];
  };
  return {
    items: Int32Array.from(places, (place) => position.get(history[place] as string) as number),
    signals: [
      Int32Array.from(places, (place) => vocabulary.actions.indexOf(actions[place] ?? '')),
      Int32Array.from(places, (_, k) =>
        vocabulary.devices.indexOf(String(next(devices, k, device as string))),
      ),
      Int32Array.from(places, (place, k) =>
        vocabulary.gaps ? gapClass((next(at, k, request.at) ?? NaN) - (at[place] ?? NaN)) : -1,
      ),
    ],
  };
}

export const encodeVocabulary = ({ actions, devices, gaps }: SignalVocabulary): Json => ({
  actions: [...actions],
  devices: [...devices],
  gaps,
});

/** @throws DomainError `invalid_state`. A state from before there were signals has none. */
export function decodeVocabulary(json: Json | undefined): SignalVocabulary {
  if (json === undefined) return NO_SIGNALS;
  const stored = stateObject(json);
  const gaps = stored['gaps'];
  if (typeof gaps !== 'boolean')
    throw new DomainError('invalid_state', 'gaps is not true or false', '/signals');
  return {
    actions: stateTexts(stored['actions'], 'actions'),
    devices: stateTexts(stored['devices'], 'devices'),
    gaps,
  };
}
