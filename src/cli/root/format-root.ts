import type { RootTransactionWire } from '../../api/index.js';
import type { RootDescription } from '../../factory/index.js';
import { plain } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';

/** The roots in force. Production's differs in the threshold of targets only; if it does not exist yet, it says so. */
export function formatRoot(ci: RootDescription | null, production: RootDescription | null): string {
  if (ci === null) return 'none is published\n';
  const productionTargets = production?.roles['targets']?.threshold;
  const roles = Object.entries(ci.roles).map(([role, { keyids, threshold }]) => [
    role,
    role === 'targets' && productionTargets !== undefined && productionTargets !== threshold
      ? `${threshold}, in production ${productionTargets}`
      : String(threshold),
    String(keyids.length),
  ]);
  const keys = ci.keys.map(({ keyid, keytype, roles: of, owner }) => [
    keyid,
    keytype,
    of.join(', '),
    owner === null ? '-' : `${owner.polisId} since ${owner.createdAt}`,
  ]);
  return [
    `Root version ${ci.version}, expires ${plain(ci.expires)}`,
    `CI sha256 ${ci.sha256}`,
    production === null ? 'no production root' : `production sha256 ${production.sha256}`,
    '',
    formatTable(['role', 'threshold', 'keys'], roles),
    formatTable(['keyid', 'keytype', 'roles', 'owner'], keys),
  ].join('\n');
}

export function formatHistory(ci: readonly RootDescription[], production: readonly RootDescription[]): string {
  const rows = ci.map((root) => {
    const same = production.find(({ version }) => version === root.version);
    return [
      String(root.version),
      root.expires,
      keyids(root, 'root'),
      keyids(root, 'targets'),
      String(same?.roles['targets']?.threshold ?? '-'),
      root.changelog === null ? '-' : root.changelog.message,
      root.changelog?.timestamp ?? '-',
    ];
  });
  return formatTable(['version', 'expires', 'root keys', 'targets keys', 'of production', 'changelog', 'at'], rows);
}

/** Whole keyids are what `root show` and `--json` are for. */
function keyids({ roles }: RootDescription, role: string): string {
  const { keyids: all, threshold } = roles[role] ?? { keyids: [], threshold: 0 };
  return `${threshold} of ${all.map((keyid) => keyid.slice(0, 8)).join(' ')}`;
}

export function formatTransaction({
  status,
  transaction,
  request,
  changelog,
  errors,
  warnings,
  requestKeys,
}: RootTransactionWire): string {
  if (transaction === 'none') return 'no root update is under way at the Factory\n';
  return [
    `Status     ${status}`,
    transaction === 'ours'
      ? `Request    ${request ?? 'none any more'}`
      : 'Begun by   somebody else, not by this service',
    ...(changelog === null
      ? []
      : [`Changelog  ${plain(changelog.message)}, by ${plain(changelog.polisId)} at ${plain(changelog.timestamp)}`]),
    ...requestKeys.map(
      ({ keyid, name }) => `Alarm      stages the request key ${plain(keyid)} of ${plain(name)}: have it cancelled`,
    ),
    ...errors.map((error) => `Error      ${plain(error)}`),
    ...warnings.map((warning) => `Warning    ${plain(warning)}`),
    '',
  ].join('\n');
}
