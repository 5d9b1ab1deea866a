import { describe, expect, it } from '@jest/globals';
import { layers, messageExperiment, readyExperiments } from '#simulation';
import { designs, showcaseLayers } from './designs.js';

describe('the showcase', () => {
  it('starts its experiments on layers that the ready experiments leave alone', () => {
    const taken = new Set([
      ...layers.map(({ key }) => key),
      ...[...readyExperiments, messageExperiment].map(({ experiment }) => experiment.layer),
    ]);
    expect(showcaseLayers.map(({ key }) => key).filter((key) => taken.has(key))).toEqual([]);
    const own = new Set<string>(showcaseLayers.map(({ key }) => key));
    const named = Object.values(designs).flatMap((design) => ('layer' in design ? [design.layer] : []));
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((layer) => !own.has(layer))).toEqual([]);
  });
});
