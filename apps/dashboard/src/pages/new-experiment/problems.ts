import type { FieldError } from '../../api/http.js';
import { slug } from '../../format/slug.js';
import type { ArmDraft, ExperimentDraft } from './draft.js';
import { NEW_SURFACE, surfaceKey } from './surfaces.js';
import { targetingProblem } from './targeting.js';

/** Message per field, named by its JSON pointer, as the API names them. */
export type Problems = Readonly<Record<string, string>>;

const KEY = /^[a-z0-9][a-z0-9_.-]{1,63}$/;

function armProblems(arm: ArmDraft, index: number, arms: readonly ArmDraft[]): [string, string][] {
  const problems: [string, string][] = [];
  const keys = arms.map((entry) => entry.key || slug(entry.title));
  if (arm.title.trim() === '') problems.push([`/arms/${index}/title`, 'Name this arm']);
  else if (keys.indexOf(keys[index] ?? '') !== index)
    problems.push([`/arms/${index}/title`, 'Another arm has this name']);
  if (arm.kind === 'policy' && arm.policyId === '')
    problems.push([`/arms/${index}/treatment`, 'Choose or create a policy']);
  if (!(arm.weight >= 0)) problems.push([`/arms/${index}/weight`, 'A weight is at least 0']);
  return problems;
}

function basicProblems(draft: ExperimentDraft): [string, string][] {
  const problems: [string, string][] = [];
  if (draft.title.trim() === '') problems.push(['/title', 'Give it a name']);
  else if (!KEY.test(draft.key || slug(draft.title))) {
    problems.push(['/key', 'A key has 2 to 64 of: a-z, 0-9, dot, dash and underscore']);
  }
  if (draft.hypothesis.trim().length < 20)
    problems.push(['/hypothesis', 'Say in a sentence what should change, and why']);
  if (draft.surface === '') problems.push(['/surface', 'Choose where it shows']);
  else if (draft.surface === NEW_SURFACE && !KEY.test(surfaceKey(draft)))
    problems.push(['/surface', 'Name the surface, with 2 or more letters or digits']);
  if (draft.layer === '') problems.push(['/layer', 'Choose a layer']);
  if (draft.decisionMetric === '') problems.push(['/decisionMetric', 'Choose the one metric that decides']);
  if (!(draft.traffic > 0 && draft.traffic <= 100)) problems.push(['/traffic', 'Between 0 and 100 percent']);
  return problems;
}

function assigningProblems({ otherLayers, prerequisites, switchback }: ExperimentDraft): [string, string][] {
  return [
    ...otherLayers.flatMap(({ layer }, i): [string, string][] =>
      layer === '' ? [[`/otherLayers/${i}/layer`, 'Choose a further layer']] : [],
    ),
    ...prerequisites.flatMap(({ experiment, arms }, i): [string, string][] => {
      if (experiment === '') return [[`/prerequisites/${i}/experiment`, 'Choose the experiment it needs']];
      return arms.length === 0 ? [[`/prerequisites/${i}/arms`, 'Choose at least one arm that it needs']] : [];
    }),
    ...(switchback !== null && !(switchback.slotMinutes >= 5 && switchback.slotMinutes <= 10_080)
      ? [['/switchback', 'A slot lasts 5 minutes to a week'] as [string, string]]
      : []),
    ...(switchback !== null && switchback.washOutMinutes >= switchback.slotMinutes
      ? [['/switchback/washOutMinutes', 'Must be shorter than the slot'] as [string, string]]
      : []),
  ];
}

/** Everything that keeps the draft from being saved. */
export function problemsOf(draft: ExperimentDraft): Problems {
  const targeting = targetingProblem(draft.targeting);
  const total = draft.arms.reduce((sum, arm) => sum + arm.weight, 0);
  return Object.fromEntries([
    ...basicProblems(draft),
    ...assigningProblems(draft),
    ...draft.arms.flatMap((arm, index) => armProblems(arm, index, draft.arms)),
    ...(total > 0 ? [] : [['/arms/0/weight', 'Weights sum to zero']]),
    ...(targeting === null ? [] : [['/targeting', targeting]]),
  ]) as Problems;
}

/** Errors of the API, per field; a deeper pointer is shown at the field it lies in. */
export function fromApi(errors: readonly FieldError[]): Problems {
  return Object.fromEntries(
    errors.map(({ pointer, message }) => [
      pointer.replace(/^(\/arms\/\d+\/(?:treatment|title|weight)|\/targeting|\/switchback).*$/, '$1'),
      message,
    ]),
  );
}
