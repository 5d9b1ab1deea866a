import { z } from 'zod';

const share = (text: string, value: number) => z.number().min(0).max(0.99).default(value).describe(text);

/** Length of the vectors of the net and of the factors. */
const dimension = z.int().min(1).max(512).default(64).describe('Length of the vectors of net and factors.');

/** Training of the graph network. */
export const netParams = {
  dimension,
  nets: z.int().min(1).max(20).default(3).describe('net: nets of different starts that answer together.'),
  epochs: z.int().min(1).max(200).default(12).describe('net: passes over the members in training.'),
  batch: z.int().min(1).max(4096).default(64).describe('net: members per step.'),
  rate: z.number().positive().max(1).default(0.006).describe('net: size of the first step of Adam.'),
  decay: z.number().min(0).max(1).default(0.001).describe('net: strength of the L2 regularisation.'),
  spread: z.number().positive().max(10).default(0.06).describe('net: standard deviation of the start.'),
  crowding: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe('net: 1: the attributes of one relation count as their mean, 0: as their sum.'),
  dropInput: share('net: share of the watched titles that training hides from the input.', 0.7),
  dropAttribute: share('net: share of the attributes that a training step leaves out.', 0.15),
  dropOwn: share('net: share of the titles whose own part a training step leaves out.', 0.5),
};

/** Training of the factors and of the ridge from attributes to them. */
export const factorParams = {
  dimension,
  iterations: z.int().min(1).max(200).default(16).describe('factors: sweeps over members and titles.'),
  unobserved: z
    .number()
    .positive()
    .max(1)
    .default(0.1)
    .describe('factors: weight of a pair nobody has seen against an observed one (alpha_0).'),
  regularisation: z.number().positive().max(1e3).default(0.01).describe('factors: regularisation (lambda).'),
  ridge: z
    .number()
    .positive()
    .max(1e6)
    .default(1)
    .describe('factors: regularisation of the ridge from attributes.'),
};

/** The ridge per member from attributes to what they watched. */
export const ridgeParams = {
  attributeRidge: z
    .number()
    .positive()
    .max(1e6)
    .default(3)
    .describe('ridge: regularisation of the ridge per member from attributes to what they watched.'),
  constant: z
    .number()
    .min(0)
    .max(100)
    .default(0.3)
    .describe('ridge: size of the attribute that every title has, in that ridge.'),
};
