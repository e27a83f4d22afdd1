export { jsonPointer } from '../tuf/index.js';
