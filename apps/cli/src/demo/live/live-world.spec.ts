import { describe, expect, it } from '@jest/globals';
import { createOracle, createWorld, drive } from '#simulation';
import { readConfigFiles } from '../../commands/config/files.js';
import { worldSetUp } from '../world-set-up.js';
import { LiveWorld } from './live-world.js';

const world = createWorld('live', { members: 300, titles: 12 });
const oracle = createOracle(world, { seed: 'live' });
const now = Date.UTC(2026, 4, 5, 20);

async function visits(live: LiveWorld, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const { visit, play } = live.begin(now);
    await drive(play, { serve: (request) => oracle.serve(request), emit: () => undefined });
    ids.push(...visit.pending.map(({ event }) => event.id));
  }
  return ids;
}

describe('the live world', () => {
  it('gives every event an id of its own, also across runs', async () => {
    const first = await visits(new LiveWorld(world, 'a', { gone: [], members: 0 }), 300);
    const second = await visits(new LiveWorld(world, 'b', { gone: [], members: 0 }), 300);
    expect(new Set([...first, ...second]).size).toBe(first.length + second.length);
  });

  it('replaces members who cancel, and remembers them in the next run', async () => {
    const live = new LiveWorld(world, 'c', { gone: [], members: 0 });
    await visits(live, 6_000);
    expect(live.gone.length).toBeGreaterThan(5);
    expect(live.members).toBe(300 + live.gone.length);
    const next = new LiveWorld(world, 'd', { gone: live.gone, members: live.members });
    const seen = new Set<string>();
    for (let i = 0; i < 4_000; i++) seen.add(next.begin(now).visit.state.member.id);
    expect(live.gone.filter((id) => seen.has(id))).toEqual([]);
    expect([...seen].some((id) => Number(id.slice(2)) > 300)).toBe(true);
  });

  it('has its segments in the file that they lead to', () => {
    const { config } = readConfigFiles(['docs/examples/demo-segments.yaml']);
    expect(config['segments']).toEqual(worldSetUp(world).segments);
  });
});
