export { importGrowthBook } from './import.js';
export { NotImported, importCondition } from './condition.js';
export type { GrowthBookImport, ImportNote, ImportOptions, ImportedConfig } from './report.js';
