import type { Policy } from '../contract.js';
import { deep } from './deep.js';
import { implicitAls } from './implicit-als.js';
import { multiTask } from './multi-task.js';

/** Policies that learn in a training run. Adding one is one file and one entry here. */
export const recommenders: readonly Policy[] = [implicitAls as Policy, deep as Policy, multiTask as Policy];
