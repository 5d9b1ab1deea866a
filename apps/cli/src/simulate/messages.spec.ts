import { beforeAll, describe, expect, it } from '@jest/globals';
import { contactOf, wrapperRegistry } from '#policies';
import type { ContactRules } from '#policies';
import { messagePolicy, millisecondsPerDay, playingShare, silentMessage, truthOf } from '#simulation';
import { MessageStudy, STUDY_START as START, coverageOfLift } from './message-study.js';
import type { Asked } from './message-study.js';

const DAYS = 24;
/** More than anybody would withhold in earnest: so small a world has power only then. */
const SHARE = 0.5;

describe('messages in the simulated world', () => {
  const study = new MessageStudy({ seed: 'messages', members: 1600, days: DAYS, share: SHARE });
  const { world, asked, plays } = study;
  const rules = wrapperRegistry
    .get('contact-rules')
    .params.parse(
      (messagePolicy.params['wrappers'] as unknown as { params: object }[])[0]?.params,
    ) as ContactRules;

  beforeAll(() => study.play(), 120_000);
  const lots = (): Asked[] => study.lots();

  it('measure the lift of sending within the interval of the withheld slice', () => {
    const [found, truth] = [study.lift(), study.truth()];
    if (found === null) throw new Error('there are lots of both kinds');
    expect(found.lower).toBeLessThan(truth);
    expect(found.upper).toBeGreaterThan(truth);
    expect(found.lower).toBeGreaterThan(0);
    // The truth file's range is that of the worst and the best moments of each message.
    for (const [id, [lower, upper]] of Object.entries(truthOf(world).messages.lift)) {
      const own = lots().filter(({ action }) => action.id === id);
      const mean = own.reduce((sum, one) => sum + one.truth, 0) / Math.max(1, own.length);
      if (id !== silentMessage) expect([id, mean > lower && mean < upper]).toEqual([id, true]);
    }
  });

  it('send nothing above the caps, in quiet hours or to who declined, and note every question', () => {
    const sent = asked.filter(({ withheld }) => withheld === false);
    expect(sent.length).toBeGreaterThan(500);
    for (const { context, at } of sent) expect(contactOf(context, at, rules).status).toBe('open');
    // Withheld ones count as well: nobody stands for having been sent nothing, and is sent the next.
    expect(study.contaminated()).toBe(0);
    const times = new Map<string, number[]>();
    for (const { unitId, at } of sent) times.set(unitId, [...(times.get(unitId) ?? []), at]);
    for (const own of times.values())
      for (const at of own) {
        expect(
          own.filter((other) => other >= at && other < at + millisecondsPerDay).length,
        ).toBeLessThanOrEqual(1);
        expect(
          own.filter((other) => other >= at && other < at + 7 * millisecondsPerDay).length,
        ).toBeLessThanOrEqual(3);
      }
    const declined = new Set(world.members.flatMap((one) => (one.notifications ? [] : [one.id])));
    expect(sent.filter(({ unitId }) => declined.has(unitId))).toEqual([]);
    const silent = asked.filter(({ action }) => action.id === silentMessage);
    expect(silent.length).toBeGreaterThan(1000);
    expect(asked.every(({ propensity }) => propensity > 0 && propensity <= 1)).toBe(true);
    expect(silent.some(({ propensity }) => propensity < 0.9)).toBe(true);
  });

  it('come to be sent, since they bring more than they cost', () => {
    const share = (from: number): number => {
      const open = asked.filter(
        ({ at, context }) =>
          at >= START + from * millisecondsPerDay &&
          at < START + (from + 5) * millisecondsPerDay &&
          contactOf(context, at, rules).status === 'open',
      );
      return open.filter(({ withheld }) => withheld !== null).length / open.length;
    };
    expect(share(DAYS - 5)).toBeGreaterThan(Math.max(0.8, share(0)));
  });

  it('stand on the share of visits with a play that the truth is computed with', () => {
    let played = 0;
    for (const own of plays.values())
      played += own.filter((at, i) => i === 0 || at - (own[i - 1] as number) > 3 * 3_600_000).length;
    expect(Math.abs(played / study.visits - playingShare)).toBeLessThan(0.04);
  });

  it('have intervals that hold the truth as often as they say, around an estimate without bias', async () => {
    // A short form of `npm run bench -- --only message-lift`, in worlds too small for anything but counting.
    const found = await coverageOfLift({ seed: 'coverage', runs: 20, members: 220, days: 10, share: SHARE });
    expect(found.covered).toBeGreaterThanOrEqual(0.85);
    expect(Math.abs(found.bias)).toBeLessThan(3 * found.biasError);
  }, 60_000);
});
