import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AssignmentCatalog } from './compiled-catalog.js';
import { createAssignmentEngine } from './engine.js';
import { checkPrerequisites, prerequisiteCycle, surfacesInCircles } from './prerequisites.js';
import { isTimeZone, numberSlots, slotOf, slotUnit } from './unit-types.js';
import type { Arm, Experiment } from './vocabulary.js';

const arm = (key: string): Arm => ({
  key,
  title: key,
  weight: 1,
  isControl: key === 'a',
  treatment: { kind: 'value', value: key },
});
const experiment = (key: string, parts: Partial<Experiment> = {}): Experiment => ({
  key,
  title: key,
  surface: `on-${key}`,
  unitType: 'member',
  status: 'running',
  layer: 'main',
  layerRange: [0, 1],
  traffic: 1,
  targeting: null,
  arms: [arm('a'), arm('b')],
  phase: 1,
  salt: key,
  shippedArm: null,
  ...parts,
});
const catalog = (...experiments: Experiment[]): AssignmentCatalog => ({
  experiments,
  layers: [{ key: 'main', title: 'Main', salt: 'layer:main' }],
  holdouts: [],
  surfaces: [...new Set(experiments.map(({ surface }) => surface))].map((key) => ({
    key,
    title: key,
    kind: 'value' as const,
    defaultValue: null,
    candidateKind: null,
  })),
});
const member = (unitId: string) => ({ unitId, unitType: 'member' });

describe('units of other types', () => {
  const engine = createAssignmentEngine(catalog(experiment('dev', { unitType: 'device' })));

  it('keep their arm across sign-in, account switch and members that share the device (property)', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.uuid(), fc.uuid(), (device, one, two) => {
        const anonymous = engine.assign({ unitId: device, unitType: 'device' }, 'on-dev', {});
        for (const id of [one, two]) {
          const signedIn = engine.assign(member(id), 'on-dev', { deviceId: device });
          expect(signedIn.arm?.key).toBe(anonymous.arm?.key);
          expect(signedIn.unit).toEqual({ unitId: device, unitType: 'device' });
        }
        expect(anonymous.unit).toBeUndefined();
      }),
      { seed: 61, numRuns: 100 },
    );
  });

  it('are asked for in the context, as texts that are its own', () => {
    for (const context of [
      {},
      { deviceId: 3 },
      { deviceId: '' },
      { deviceId: 'x'.repeat(129) },
      Object.create({ deviceId: 'd' }),
    ])
      expect(engine.assign(member('m'), 'on-dev', context).reason).toBe('NOT_ELIGIBLE');
    const path = engine.explain(member('m'), 'on-dev', {}).path;
    expect(path.at(-1)?.detail).toContain('the request names none');
    const custom = createAssignmentEngine({
      ...catalog(experiment('seat', { unitType: 'seat' })),
      unitTypes: [{ key: 'seat', title: 'Seat', contextField: 'seat' }],
    });
    expect(custom.assign(member('m'), 'on-seat', { seat: '12A' }).unit?.unitId).toBe('12A');
  });

  it('of one cluster share an arm and are compared by themselves', () => {
    const clustered = createAssignmentEngine(catalog(experiment('home', { clusterBy: 'household' })));
    const armsOf = new Map<string, number>();
    for (let household = 0; household < 400; household++) {
      const context = { householdId: `h${household}` };
      const found = ['x', 'y', 'z'].map((who) =>
        clustered.assign(member(`${household}${who}`), 'on-home', context),
      );
      expect(new Set(found.map((one) => one.arm?.key)).size).toBe(1);
      expect(found.every((one) => one.unit === undefined)).toBe(true);
      const key = found[0]?.arm?.key ?? '';
      armsOf.set(key, (armsOf.get(key) ?? 0) + 1);
    }
    // 400 households, p = 1/2: five standard deviations are 50.
    expect(Math.abs((armsOf.get('a') ?? 0) - 200)).toBeLessThan(50);
    expect(clustered.assign(member('m'), 'on-home', {}).reason).toBe('NOT_ELIGIBLE');
  });

  it('of a switchback are new in every slot, steady within it, and balanced over slots', () => {
    const slots = createAssignmentEngine(
      catalog(experiment('ads', { unitType: 'market', switchback: { slotMinutes: 30 } })),
    );
    const begin = Date.UTC(2026, 10, 26);
    let a = 0;
    for (let slot = 0; slot < 1000; slot++) {
      const at = begin + slot * 1_800_000;
      const first = slots.assign(member('m1'), 'on-ads', { market: 'fr' }, at);
      const last = slots.assign(member('m2'), 'on-ads', { market: 'fr' }, at + 1_799_999);
      expect(last).toEqual(first);
      expect(first.unit).toEqual({ unitId: `fr@${slotOf(at, { slotMinutes: 30 })}`, unitType: 'market' });
      if (first.arm?.key === 'a') a += 1;
    }
    // Five standard deviations of 1,000 halves are 79.
    expect(Math.abs(a - 500)).toBeLessThan(79);
    expect(slotOf(Date.UTC(2026, 10, 26, 20, 44), { slotMinutes: 30 })).toBe('2026-11-26T20:30Z');
  });

  it('of a switchback begin their slots by the clocks of its time zone, also where those are changed', () => {
    const timeZone = 'Europe/Berlin';
    const days = { slotMinutes: 1440, timeZone };
    expect(slotOf(Date.UTC(2026, 10, 26, 22, 59), days)).toBe('2026-11-26T00:00+01:00');
    expect(slotOf(Date.UTC(2026, 10, 26, 23, 0), days)).toBe('2026-11-27T00:00+01:00');
    expect(slotOf(Date.UTC(2026, 6, 1, 22, 0), days)).toBe('2026-07-02T00:00+02:00');
    expect(slotOf(0, { slotMinutes: 30, timeZone: 'Asia/Kolkata' })).toBe('1970-01-01T05:30+05:30');
    // Clocks go back at 01:00Z of 2026-10-25 and forward at 01:00Z of 2026-03-29: one slot each lasts 5 and 3 hours.
    const lengths = (from: number): Set<number> => {
      const starts = new Set<number>();
      let last = '';
      for (let at = from; at < from + 3 * 86_400_000; at += 300_000) {
        const slot = slotOf(at, { slotMinutes: 240, timeZone });
        // A slot is one stretch of time, and is named after its true start.
        if (slot !== last) expect(at === from || Date.parse(slot) === at).toBe(true);
        if (slot !== last) starts.add(Date.parse(slot));
        last = slot;
      }
      const sorted = [...starts];
      return new Set(sorted.slice(1).map((start, i) => (start - (sorted[i] ?? 0)) / 3_600_000));
    };
    expect(lengths(Date.UTC(2026, 9, 24))).toEqual(new Set([4, 5]));
    expect(lengths(Date.UTC(2026, 2, 28))).toEqual(new Set([4, 3]));
    // Where clocks go back the hour from 2 to 3 comes twice, and every slot still has a number of its own, without gaps.
    const zones = [
      'Europe/Berlin',
      'Pacific/Auckland',
      'America/Anchorage',
      'Australia/Lord_Howe',
      undefined,
    ];
    for (const timeZone of zones)
      for (const slotMinutes of [15, 60, 120, 240, 1440])
        for (const from of [
          Date.UTC(2026, 9, 24),
          Date.UTC(2026, 2, 28),
          Date.UTC(2026, 3, 4),
          Date.UTC(2026, 9, 31),
        ]) {
          const units = new Set<string>();
          for (let at = from; at < from + 4 * 86_400_000; at += 300_000)
            units.add(`a@b@${slotOf(at, { slotMinutes, timeZone })}`);
          const parts = [...units].map((unit) => slotUnit(unit));
          expect(new Set(parts.map((one) => one?.id))).toEqual(new Set(['a@b']));
          const starts = parts.map((one) => one?.start ?? NaN);
          expect([...numberSlots(starts.toReversed(), { slotMinutes, timeZone }).values()]).toEqual(
            starts.map((_, i) => i),
          );
        }
    // An hour that comes twice can cut a slot of 90 minutes in two; numbers stay apart.
    const cut = { slotMinutes: 90, timeZone: 'America/Anchorage' };
    const begun = Array.from({ length: 96 }, (_, i) => Date.UTC(2026, 10, 1) + i * 900_000).map(
      (at) => slotUnit(`m@${slotOf(at, cut)}`)?.start ?? NaN,
    );
    const numbered = numberSlots(begun, cut);
    expect(new Set(numbered.values()).size).toBe(new Set(begun).size);
    const twice = ['2026-10-25T02:00+02:00', '2026-10-25T02:00+01:00', '2026-10-25T05:00+01:00'];
    const numbers = numberSlots(twice.map(Date.parse), { slotMinutes: 60, timeZone });
    expect([...numbers.values()]).toEqual([0, 1, 4]);
    expect(['fr', 'fr@home', 'fr@2026-13-45T99:99Z'].map(slotUnit)).toEqual([null, null, null]);
    expect(['Europe/Berlin', 'UTC', '+01:00', 'Mars/Base'].map(isTimeZone)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('prerequisites', () => {
  const parent = experiment('parent');
  const child = experiment('child', { prerequisites: [{ experiment: 'parent', arms: ['b'] }] });

  it('let in exactly the units of the arm that is asked for, and leave the split alone (property)', () => {
    const engine = createAssignmentEngine(catalog(parent, child));
    const free = createAssignmentEngine(catalog({ ...child, prerequisites: [] }));
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        const above = engine.assign(member(id), 'on-parent', {}).arm?.key;
        const below = engine.assign(member(id), 'on-child', {});
        expect(below.arm?.key ?? null).toBe(
          above === 'b' ? free.assign(member(id), 'on-child', {}).arm?.key : null,
        );
        if (above !== 'b') expect(below.reason).toBe('NOT_ELIGIBLE');
      }),
      { seed: 62, numRuns: 200 },
    );
    const step = engine.explain(member('m'), 'on-child', {}).path.find((one) => one.step === 'prerequisite');
    expect(step?.detail).toMatch(
      /^arm "b" of "parent" is asked for; the unit is in arm "[ab]" of "parent" there$/,
    );
  });

  it('count a shipped arm, and nothing of what is paused or gone', () => {
    const shipped = createAssignmentEngine(catalog({ ...parent, status: 'shipped', shippedArm: 'b' }, child));
    expect(shipped.assign(member('m'), 'on-child', {}).reason).toBe('SPLIT');
    for (const experiments of [[{ ...parent, status: 'paused' as const }, child], [child]])
      expect(
        createAssignmentEngine(catalog(...experiments)).assign(member('m'), 'on-child', {}).arm,
      ).toBeNull();
  });

  it('never end in a circle: refused when saved, not met when served', () => {
    const asks = (key: string, other: string): Experiment =>
      experiment(key, { prerequisites: [{ experiment: other, arms: ['a', 'b'] }] });
    const circle = [asks('x', 'y'), asks('y', 'z'), asks('z', 'x')];
    expect(prerequisiteCycle(circle)).toHaveLength(3);
    expect(surfacesInCircles([...circle, asks('w', 'x')])).toEqual(new Set(['on-x', 'on-y', 'on-z']));
    const engine = createAssignmentEngine(catalog(...circle, asks('w', 'x')));
    for (const surface of ['on-x', 'on-y', 'on-z', 'on-w'])
      expect(engine.assign(member('m'), surface, {}).reason).toBe('NOT_ELIGIBLE');
    const [x, ...others] = circle as [Experiment, Experiment, Experiment];
    expect(() => checkPrerequisites(x, others)).toThrow(
      /"on-x" asks about "on-y" asks about "on-z" asks about "on-x"/,
    );
    expect(() => checkPrerequisites(child, [])).toThrow(/does not exist/);
    expect(() => checkPrerequisites(child, [{ ...parent, arms: [arm('a')] }])).toThrow(/no arm "b"/);
    expect(() => checkPrerequisites(child, [{ ...parent, surface: 'on-child' }])).toThrow(/same surface/);
    expect(() => checkPrerequisites(child, [{ ...parent, unitType: 'device' }])).toThrow(
      /units of the type "device"/,
    );
    expect(() => checkPrerequisites(child, [parent])).not.toThrow();
  });

  it('are no matter for a tester, who gets any arm of any status', () => {
    const engine = createAssignmentEngine(catalog({ ...child, status: 'draft' }));
    expect(engine.force('on-child', 'child', 'a')).toMatchObject({ reason: 'FORCED', arm: { key: 'a' } });
    expect(engine.force('on-child', 'child', 'c')).toBeNull();
    expect(engine.force('on-parent', 'child', 'a')).toBeNull();
  });
});
