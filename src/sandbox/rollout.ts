import { z } from 'zod';
import { changeBy, type Actor } from './actor.js';
import { Refusal } from './refusal.js';
import type { SandboxDevice, SandboxState } from './state.js';
import { findWave, replaceWave, requireStatus } from './waves.js';

export const rolloutSchema = z
  .strictObject({
    group: z.string().min(1).max(100).optional(),
    limit: z.int().min(1).max(1_000_000).optional(),
    percentage: z.int().min(1).max(100).optional(),
    uuids: z.array(z.string().max(100)).min(1).max(10_000).optional(),
    'dry-run': z.boolean().default(false),
    'return-uuids': z.boolean().default(false),
    'return-names': z.boolean().default(false),
  })
  .refine(
    ({ limit, percentage, uuids }) => [limit, percentage, uuids].filter((part) => part !== undefined).length <= 1,
    'only one of limit, percentage and uuids can be given',
  );

type RolloutRequest = z.output<typeof rolloutSchema>;

interface RolledOut {
  readonly state: SandboxState;
  readonly result: { readonly name: string; readonly devices: readonly SandboxDevice[] };
}

/**
 * Offers a Wave to devices. In place of a fleet: of the devices chosen, every second one that is online installs it
 * at once, the others are scheduled.
 *
 * @throws Refusal 404 (Wave, group), 409 (not active), 400 (no such device)
 */
export function rollOut(state: SandboxState, name: string, request: RolloutRequest, actor: Actor): RolledOut {
  const wave = findWave(state, name);
  requireStatus(wave, 'active');
  const group = request.group === undefined ? null : findGroup(state, request.group);
  const pool = group === null ? state.devices : state.devices.filter((device) => device.group === group.name);
  const devices = choose(pool, request);
  if (request['dry-run']) return { state, result: { name, devices } };

  const chosen = new Set(devices.map(({ uuid }) => uuid));
  const installing = new Set(
    devices.filter(({ online }) => online).flatMap(({ uuid }, at) => (at % 2 === 0 ? [uuid] : [])),
  );
  const change = changeBy(actor);
  const listed = group === null || wave.rolloutGroups.some(({ id }) => id === group.id);
  const changed = replaceWave(state, {
    ...wave,
    rolloutGroups: listed ? wave.rolloutGroups : [...wave.rolloutGroups, { ...group, created: change }],
    rolloutHistory: [
      ...wave.rolloutHistory,
      { group: group?.name ?? null, whole: devices.length === pool.length, devices: devices.length, ...change },
    ],
    rolledOut: [...new Set([...wave.rolledOut, ...chosen])],
  });
  const fleet = state.devices.map((device) =>
    installing.has(device.uuid) ? { ...device, version: wave.version } : device,
  );
  return { state: { ...changed.state, devices: fleet }, result: { name, devices } };
}

function findGroup(state: SandboxState, name: string): { id: number; name: string } {
  const group = state.groups.find((candidate) => candidate.name === name);
  if (group === undefined) throw new Refusal(404, 'No such device group');
  return group;
}

function choose(pool: readonly SandboxDevice[], { limit, percentage, uuids }: RolloutRequest): SandboxDevice[] {
  if (uuids !== undefined) {
    const unknown = uuids.filter((uuid) => !pool.some((device) => device.uuid === uuid));
    if (unknown.length > 0) throw new Refusal(400, 'No such devices in this group', unknown.slice(0, 10));
    return pool.filter(({ uuid }) => uuids.includes(uuid));
  }
  const count = percentage === undefined ? (limit ?? pool.length) : Math.ceil((pool.length * percentage) / 100);
  return pool.slice(0, count);
}
