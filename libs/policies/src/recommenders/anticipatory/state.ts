import type { Context, Json } from '#experiments';
import { decodeFloats, encodeFloats, stateNumber, stateObject, stateText, stateTexts } from '../../codec.js';
import type { RecommenderPolicy } from '../../contract.js';
import { COEFFICIENTS } from './hazard.js';
import type { HazardModel } from './hazard.js';
import { RECENT } from './next-title.js';
import type { Known, State } from './params.js';

/** The state as plain JSON, tables of numbers as base64. */
export function encode(known: Known, { hazard, shares, parts, titles }: State): Json {
  const { rhythm, coefficients, calibration, ...rest } = hazard;
  return {
    hazard: {
      ...rest,
      a: calibration.a,
      b: calibration.b,
      coefficients: encodeFloats(coefficients),
      week: encodeFloats(rhythm.week),
      hours: encodeFloats(rhythm.hours),
      days: encodeFloats(rhythm.days),
    },
    sequel: shares.sequel,
    again: encodeFloats(shares.again),
    sharpness: shares.sharpness,
    parts: [...parts].map(([id, { series, episode }]) => ({
      id,
      series: series as string,
      episode: episode as number,
    })),
    key: titles.key,
    titles: (known.get(titles.key) as RecommenderPolicy).encode(titles.state),
  };
}

function decodeHazard(json: Json): HazardModel {
  const stored = stateObject(json);
  const floats = (name: string): Float64Array => decodeFloats(stateText(stored[name], name));
  const number = (name: string): number => stateNumber(stored[name], name);
  const coefficients = floats('coefficients');
  // A table of another length belongs to another version of the features.
  if (coefficients.length !== COEFFICIENTS) stateTexts(undefined, 'coefficients');
  return {
    halfLifeHours: number('halfLifeHours'),
    shrinkRate: number('shrinkRate'),
    shrinkRhythm: number('shrinkRhythm'),
    rate: number('rate'),
    calibration: { a: number('a'), b: number('b') },
    coefficients,
    rhythm: { week: floats('week'), hours: floats('hours'), days: floats('days') },
  };
}

/** @throws DomainError `invalid_state`. */
export function decode(known: Known, json: Json): State {
  const stored = stateObject(json);
  const key = stateText(stored['key'], 'key');
  const again = decodeFloats(stateText(stored['again'], 'again'));
  if (again.length !== RECENT) stateTexts(undefined, 'again');
  const parts = (Array.isArray(stored['parts']) ? stored['parts'] : []).map(
    (entry: Json): [string, Context] => {
      const { id, series, episode } = stateObject(entry);
      return [
        stateText(id, 'parts'),
        { series: stateText(series, 'parts'), episode: stateNumber(episode, 'parts') },
      ];
    },
  );
  const policy = known.get(key);
  if (!policy) stateTexts(undefined, 'key');
  return {
    hazard: decodeHazard(stored['hazard'] ?? null),
    shares: {
      sequel: stateNumber(stored['sequel'], 'sequel'),
      again,
      sharpness: stateNumber(stored['sharpness'], 'sharpness'),
    },
    parts: new Map(parts),
    titles: { key, state: (policy as RecommenderPolicy).decode(stored['titles'] ?? null) },
  };
}
