export { SMALL_CATALOGUE } from './embedding.js';
export type { Embedding, NearestIndex } from './embedding.js';
export { ExactIndex } from './exact-index.js';
export { Retrieval } from './retrieval.js';
