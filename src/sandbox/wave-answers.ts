import { parseCanonical } from '../tuf/index.js';
import type { SandboxDevice, SandboxState, SandboxWave } from './state.js';

/** A Wave as the API shows it, members and their types as recorded from the documentation's reading of it. */
export function waveAnswer(wave: SandboxWave): Record<string, unknown> {
  return {
    'change-meta': {
      'created-at': wave.created.at,
      'created-by': wave.created.by,
      'updated-at': wave.updated?.at ?? '',
      'updated-by': wave.updated?.by ?? '',
    },
    name: wave.name,
    'rollout-groups': Object.fromEntries(
      wave.rolloutGroups.map(({ id, name, created }) => [
        name,
        { 'created-at': created.at, 'created-by': created.by, 'group-id': id, 'group-name': name },
      ]),
    ),
    'rollout-history': wave.rolloutHistory.map(({ group, whole, devices, at, by }) => ({
      'group-name': group ?? '',
      'is-factory-wide': group === null && whole,
      'is-full-group': group !== null && whole,
      'num-devices': devices,
      'rollout-at': at,
      'rollout-by': by,
    })),
    status: wave.status,
    tag: wave.tag,
    version: String(wave.version),
  };
}

/** A metadata text as a value; canonical bytes of it are the text again. */
export function documentAnswer(text: string): unknown {
  return parseCanonical(Buffer.from(text)).value;
}

/** How far a Wave is, counted over the devices. Here, and only here, `version` is a number. */
export function statusAnswer(state: SandboxState, wave: SandboxWave): Record<string, unknown> {
  const rolledOut = state.devices.filter(({ uuid }) => wave.rolledOut.includes(uuid));
  const updated = rolledOut.filter(({ version }) => version === wave.version);
  const inGroup = (name: string | null): SandboxDevice[] => state.devices.filter(({ group }) => group === name);
  const named = wave.rolloutGroups.map(({ name, created }) => ({
    ...groupStatus(name, inGroup(name), rolledOut, wave.version),
    'rollout-at': created.at,
  }));
  const others = [...state.groups.map(({ name }) => name), null]
    .filter((name) => !wave.rolloutGroups.some((group) => group.name === name))
    .filter((name) => rolledOut.some(({ group }) => group === name))
    .map((name) => groupStatus(name ?? '', inGroup(name), rolledOut, wave.version));
  return {
    'created-at': wave.created.at,
    'finished-at': wave.status === 'complete' || wave.status === 'canceled' ? (wave.updated?.at ?? '') : '',
    name: wave.name,
    'other-groups': others,
    'rollout-groups': named,
    'scheduled-devices': rolledOut.length - updated.length,
    status: wave.status,
    tag: wave.tag,
    'total-devices': state.devices.length,
    'unscheduled-devices': state.devices.length - rolledOut.length,
    'updated-devices': updated.length,
    version: wave.version,
  };
}

function groupStatus(
  name: string,
  devices: readonly SandboxDevice[],
  rolledOut: readonly SandboxDevice[],
  waveVersion: number,
): Record<string, unknown> {
  const count = (matches: (device: SandboxDevice) => boolean): number => devices.filter(matches).length;
  const versions = [...new Set(devices.flatMap(({ version }) => (version === null ? [] : [version])))];
  return {
    'devices-on-newer-version': count(({ version }) => version !== null && version > waveVersion),
    'devices-on-older-version': count(({ version }) => version === null || version < waveVersion),
    'devices-on-wave-version': count(({ version }) => version === waveVersion),
    'devices-online': count(({ online }) => online),
    'devices-scheduled-for-update': count((device) => rolledOut.includes(device) && device.version !== waveVersion),
    'devices-total': devices.length,
    name,
    targets: versions.map((version) => ({
      devices: count((device) => device.version === version),
      'is-orphan': false,
      version,
    })),
  };
}
