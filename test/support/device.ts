import { checkAsDevice, fetchPublished, type Device, type DeviceVerdict } from '../../src/sandbox/index.js';

/** What a production device of a tag says to what the Factory at `url` serves it at `now`. */
export async function askDevice(
  source: { url: string; factory: string; token: string; wave?: string },
  device: Device,
  now: Date,
): Promise<DeviceVerdict> {
  return checkAsDevice(await fetchPublished({ ...source, tag: device.tag }), device, now);
}
