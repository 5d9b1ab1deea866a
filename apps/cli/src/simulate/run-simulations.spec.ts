import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readExperiment } from './experiment-file.js';
import { runSimulations } from './run-simulations.js';

const directory = mkdtempSync(path.join(tmpdir(), 'marquee-simulate-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(content: unknown): string {
  const name = path.join(directory, 'experiment.json');
  writeFileSync(name, typeof content === 'string' ? content : JSON.stringify(content));
  return name;
}

const design = {
  key: 'rows',
  surface: 'home.rows',
  arms: [
    {
      key: 'control',
      weight: 1,
      isControl: true,
      treatment: { kind: 'policy', policyId: 'home-default-order' },
    },
    { key: 'continue', weight: 1, treatment: { kind: 'policy', policyId: 'home-continue-first' } },
  ],
  decisionMetric: 'click-through',
};

describe('an experiment file', () => {
  it('is read with the policies of the simulated world, or names a ready experiment', () => {
    expect(readExperiment(file(design)).ready.experiment.arms).toHaveLength(2);
    expect(readExperiment('artwork-bandit').ready.experiment.layerRange).toEqual([0, 1]);
  });

  it('is refused with one sentence that names the place', () => {
    expect(() => readExperiment(path.join(directory, 'none.json'))).toThrow(/no such file/);
    expect(() => readExperiment(file('{'))).toThrow(/experiment\.json: /);
    expect(() => readExperiment(file({ ...design, arms: [] }))).toThrow(/\/arms: /);
    expect(() => readExperiment(file({ ...design, surface: 'nowhere' }))).toThrow(
      /\/surface: the simulated world has home\.rows/,
    );
    const treatment = { kind: 'policy', policyId: 'unknown' };
    expect(() =>
      readExperiment(file({ ...design, arms: [design.arms[0], { key: 'b', weight: 1, treatment }] })),
    ).toThrow(/\/arms\/1\/treatment\/policyId: there is no policy "unknown"/);
  });
});

describe('simulations of whole experiments', () => {
  const plan = { runs: 3, members: 700, days: 8, seed: 'spec', progress: () => undefined };

  it('find a large effect, no effect between equal arms, and repeat exactly', async () => {
    const given = readExperiment(file(design));
    const result = await runSimulations(given, plan);
    expect(result).toMatchObject({ experiment: 'rows', runs: 3, falseShipRate: 0, level: 0.95 });
    expect(result.unitsPerRun).toBeGreaterThan(500);
    const [clicks] = result.metrics;
    expect(clicks).toMatchObject({
      metric: 'click-through',
      arm: 'continue',
      coverage: 1,
      falsePositiveRate: 0,
    });
    // About 0.04 on 0.17; three runs of 700 members know it to about 0.01.
    expect(clicks?.difference).toBeGreaterThan(0.01);
    expect(clicks?.difference).toBeLessThan(0.09);
    expect(await runSimulations(given, plan)).toEqual(result);
  }, 60_000);
});
