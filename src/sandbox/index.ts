export { checkAsDevice, type Device, type DeviceReason, type DeviceVerdict, type PublishedMetadata } from './device.js';
export type { FaultInput } from './fault.js';
export { fetchPublished, type PublishedSource } from './fetch-published.js';
export { parseOfflineKeys, type OfflineKeys } from './offline-keys.js';
export { generateOnlineKeys, type OnlineKeys } from './online-keys.js';
export { parsePeople, type SandboxPerson } from './people.js';
export { checkStickAsDevice, type StickFiles, type StickVerdict } from './stick.js';
export { startSandbox, type Sandbox, type SandboxOptions } from './start-sandbox.js';
