export { createClient } from './client.js';
export type { AskOptions, Client, ServeOptions, Treatments } from './client.js';
export type * from './types.js';
