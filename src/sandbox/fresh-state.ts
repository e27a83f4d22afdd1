import { parseTargets, serializeMetadata, type TargetEntry } from '../tuf/index.js';
import { FIRST_CI_TARGETS_VERSION, freshCiTargets, signCiTargets } from './ci-targets.js';
import { signOnline, type OnlineKeys } from './online-keys.js';
import { firstRoots } from './roots.js';
import type { SandboxDevice, SandboxState } from './state.js';

const GROUPS = [
  { id: 1, name: 'canary', size: 3 },
  { id: 2, name: 'us-east', size: 5 },
] as const;
const UNGROUPED = 4;

/** A Factory on its first day: two roots of the server's, builds, devices, and nothing in production unless it is given. */
export function freshState(
  factory: string,
  keys: OnlineKeys,
  now: Date,
  ciTargets: Readonly<Record<string, TargetEntry>> = freshCiTargets(factory),
  productionTargets: Readonly<Record<string, string>> = {},
): SandboxState {
  const roots = firstRoots(keys, now);
  return {
    format: 1,
    factory,
    keys: { ...keys },
    roots: { ci: [...roots], production: [...roots] },
    rootUpdate: null,
    ciTargets: signCiTargets(ciTargets, FIRST_CI_TARGETS_VERSION, keys.targets, now),
    productionTargets: Object.fromEntries(
      Object.entries(productionTargets).map(([tag, text]) => [tag, signedToo(text, keys)]),
    ),
    waves: [],
    groups: GROUPS.map(({ id, name }) => ({ id, name })),
    devices: freshDevices(),
  };
}

function signedToo(text: string, { targets }: OnlineKeys): string {
  const { signatures, signedBytes } = parseTargets(Buffer.from(text, 'utf8'));
  return serializeMetadata({ signatures: [...signatures, signOnline(targets, signedBytes)], signedBytes }).toString();
}

/** Every third device is off, so that a rollout is never quite done. */
function freshDevices(): SandboxDevice[] {
  const groups = [
    ...GROUPS.flatMap(({ name, size }) => Array<string>(size).fill(name)),
    ...Array<null>(UNGROUPED).fill(null),
  ];
  return groups.map((group, index) => ({
    uuid: `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`,
    name: `device-${index}`,
    group,
    hardwareId: index % 2 === 0 ? 'intel-corei7-64' : 'raspberrypi4-64',
    online: index % 3 !== 2,
    version: null,
  }));
}
