import type { Arm, Treatment } from '#experiments';
import { Problem } from '../http/problem.js';
import type { PatchArm } from './experiment.schemas.js';

type GivenTreatment = NonNullable<PatchArm['treatment']>;

/**
 * The arms after a patch. The list says which arms there are; of an arm that was there before, what its entry does not name
 * stays as it is.
 * @throws Problem 400 when a new arm lacks a weight or a treatment.
 */
export function patchedArms(before: readonly Arm[], patch: readonly PatchArm[]): Arm[] {
  return patch.map((given, i) => {
    const known = before.find(({ key }) => key === given.key);
    const weight = given.weight ?? known?.weight;
    const treatment = given.treatment
      ? patchedTreatment(known?.treatment, given.treatment)
      : known?.treatment;
    if (weight === undefined) throw needed(i, 'weight', given.key);
    if (treatment === undefined) throw needed(i, 'treatment', given.key);
    const isControl = given.isControl ?? known?.isControl ?? false;
    return { key: given.key, title: patchedTitle(given, known), weight, isControl, treatment };
  });
}

/** An empty title is the key, as it is at the creation. */
function patchedTitle({ key, title }: PatchArm, known: Arm | undefined): string {
  return (title ?? known?.title ?? key) || key;
}

const needed = (i: number, field: string, key: string): Problem =>
  Problem.invalid(`/arms/${i}/${field}`, 'required', `is needed, because the arm "${key}" is new`);

function patchedTreatment(before: Treatment | undefined, given: GivenTreatment): Treatment {
  if (given.kind === 'value') return given as Treatment;
  const same = before?.kind === 'policy' && before.policyId === given.policyId ? before : null;
  const slice = given.slice ?? same?.slice;
  return {
    kind: 'policy',
    policyId: given.policyId,
    steadyFor: given.steadyFor ?? same?.steadyFor ?? 'day',
    ...(slice === undefined ? {} : { slice }),
  };
}
