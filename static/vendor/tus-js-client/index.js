/** The published browser bundle sets a global; here it is a module. */
import './tus.min.js';

export const { Upload } = globalThis.tus;
