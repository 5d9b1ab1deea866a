import type { Context } from '#experiments';
import type { Answer, ClientEvent, TreatmentRequest } from './protocol.js';
import type { Release, Shelf } from './shelf.js';
import { simulate } from './simulation.js';
import type { MemberState } from './state.js';
import { itemsOf, releasedItems } from './surfaces.js';
import type { World } from './world.js';

/** Plays as a training run reads them; `unit` and `item` are places in `units` and `items`. */
export interface Plays {
  readonly units: readonly string[];
  readonly items: readonly string[];
  readonly unit: Uint32Array;
  readonly item: Uint32Array;
  readonly value: Float64Array;
  /** Unix milliseconds. */
  readonly at: Float64Array;
  readonly itemFeatures: readonly Context[];
}

/** Collects plays as a training set, as a training run of the product reads them from its events. */
export class PlayLog {
  private readonly plays: { readonly unit: string; readonly item: string; readonly at: number }[] = [];

  take(event: ClientEvent): void {
    if (event.name !== 'play' || event.itemId === undefined) return;
    this.plays.push({ unit: event.unitId, item: event.itemId, at: Date.parse(event.at) });
  }

  /** Plays before a moment, in order of time. */
  until(at: number, world: World, releases: readonly Release[] = []): Plays {
    const rows = this.plays.filter((play) => play.at < at).sort((a, b) => a.at - b.at);
    const units = [...new Set(rows.map(({ unit }) => unit))];
    const items = [...new Set(rows.map(({ item }) => item))];
    const features = new Map(
      [...itemsOf(world), ...releasedItems(world, releases)].map((item) => [item.id, item.features]),
    );
    const [unitAt, itemAt] = [numbered(units), numbered(items)];
    return {
      units,
      items,
      unit: Uint32Array.from(rows, ({ unit }) => unitAt.get(unit) ?? 0),
      item: Uint32Array.from(rows, ({ item }) => itemAt.get(item) ?? 0),
      value: new Float64Array(rows.length).fill(1),
      at: Float64Array.from(rows, (row) => row.at),
      itemFeatures: items.map((id) => features.get(id) ?? {}),
    };
  }
}

const numbered = (names: readonly string[]): ReadonlyMap<string, number> =>
  new Map(names.map((name, index) => [name, index]));

/** What a product answers that has no experiments: the app's own default everywhere. */
export function answerNothing(request: TreatmentRequest): Answer {
  return request.requests.map(({ surface }) => ({
    decisionId: '',
    surface,
    experiment: null,
    arm: null,
    reason: 'NO_EXPERIMENT',
  }));
}

/** Plays a world by itself for some time and keeps what was played. Times are Unix milliseconds. */
export async function playAlone(
  world: World,
  {
    log = new PlayLog(),
    ...span
  }: {
    readonly from: number;
    readonly to: number;
    readonly seed: string;
    readonly shelf?: Shelf;
    /** Takes the plays; default: a new one. */
    readonly log?: PlayLog;
  },
): Promise<{ readonly log: PlayLog; readonly states: readonly MemberState[] }> {
  const emit = (event: ClientEvent): void => log.take(event);
  const { states } = await simulate(world, { ...span, serve: answerNothing, emit });
  return { log, states };
}
