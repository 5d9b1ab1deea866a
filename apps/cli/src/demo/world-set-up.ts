import {
  demoReleases,
  features,
  itemsOf,
  layers,
  messageExperiment,
  messagePolicy,
  nextVisitPolicy,
  readyExperiments,
  readyPolicies,
  recommenderExperiments,
  recommenderPolicies,
  releasedItems,
  stackedExperiment,
  stackedPolicies,
  surfaces,
  type World,
} from '#simulation';
import {
  catalogueOrderPolicy,
  homePage,
  homeTitles,
  homeTitlesExperiment,
  homeTitlesLayer,
  homeTitlesPolicy,
} from './home-page.js';
import type { SetUp } from './set-up.js';

/** Everything of the simulated world that the product has to know; titles that come later, too. */
export function worldSetUp(world: World): SetUp {
  return {
    surfaces: [...surfaces, homeTitles],
    layers: [...layers, homeTitlesLayer],
    features,
    items: [...itemsOf(world), ...releasedItems(world, demoReleases(world.seed, 0, 0))],
    policies: [
      ...readyPolicies,
      ...stackedPolicies,
      messagePolicy,
      nextVisitPolicy,
      ...recommenderPolicies,
      homeTitlesPolicy,
      catalogueOrderPolicy,
    ],
    pages: [homePage],
    unitLists: [{ key: 'staff', title: 'Staff who test', ids: ['staff-1', 'staff-2', 'staff-3'] }],
    segments: [
      {
        key: 'big-screens',
        title: 'Big screens',
        description: 'Televisions, without the staff who test on them.',
        condition: {
          all: [
            { attribute: 'device', op: 'inIgnoreCase', value: ['tv'] },
            { attribute: '$unit', op: 'notInList', value: 'staff' },
          ],
        },
      },
    ],
    experiments: [
      ...[...readyExperiments, stackedExperiment, messageExperiment, ...recommenderExperiments].map(
        ({ experiment, ...design }) => ({
          key: experiment.key,
          title: experiment.title,
          surface: experiment.surface,
          unitType: experiment.unitType,
          layer: experiment.layer,
          layerShare: experiment.layerRange[1] - experiment.layerRange[0],
          traffic: experiment.traffic,
          arms: experiment.arms,
          tags: ['demo'],
          ...design,
        }),
      ),
      homeTitlesExperiment,
    ],
  };
}
