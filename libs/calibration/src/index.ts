export * from './calibrate.js';
