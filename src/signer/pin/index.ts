export { readPinFile, requirePinFile } from './pin-file.js';
export { PinRecord, resetPin } from './pin-record.js';
