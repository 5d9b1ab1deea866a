import type { Wrapper } from '../wrappers/contract.js';
import { calibration } from './calibration.js';
import { deDuplicate } from './de-duplicate.js';
import { diversityDpp } from './diversity-dpp.js';
import { diversityMmr } from './diversity-mmr.js';
import { exposureFloor } from './exposure-floor.js';
import { freshness } from './freshness.js';
import { hardFilters } from './hard-filters.js';
import { pins } from './pins.js';
import { serendipity } from './serendipity.js';
import { tradeOff } from './trade-off.js';

/** Wrappers that work on lists. Adding one is one file and one entry here. */
export const rerankers: readonly Wrapper[] = [
  hardFilters as Wrapper,
  deDuplicate as Wrapper,
  freshness as Wrapper,
  calibration as Wrapper,
  diversityMmr as Wrapper,
  diversityDpp as Wrapper,
  tradeOff as Wrapper,
  serendipity as Wrapper,
  exposureFloor as Wrapper,
  pins as Wrapper,
];
