import { createSignerClient, type SignerStatus } from '../../signer/client/index.js';
import { plain } from '../terminal/output.js';
import { examine, fail, ok, warn, type Finding } from './finding.js';

const TIMEOUT_MS = 10_000;
const CLOCK_TODO =
  'set the clock of the signer right; if it was ahead before, stop the signer and run countersign signer clock-reset';

/** Whether the signer answers on its socket, follows this policy and is able to sign. */
export async function checkSigner(
  socket: string,
  service: string | null,
): Promise<{ status: SignerStatus | null; findings: Finding[] }> {
  let status: SignerStatus | null = null;
  const findings = await examine(
    'signer',
    `countersign signer run, with this user in the group of ${socket}`,
    async () => {
      status = await createSignerClient({ socketPath: socket, timeoutMs: TIMEOUT_MS }).status();
      return judge(status, service);
    },
  );
  return { status, findings };
}

function judge(status: SignerStatus, service: string | null): Finding[] {
  const { journal, tokens, frozen, keys, recoveries } = status;
  const findings = [ok('signer', `answers; journal at entry ${journal.seq} of ${journal.at}`)];
  if (service !== null && status.service !== service) {
    const todo = 'give service and signer the same trust: the two digests of `countersign policy show`';
    findings.push(fail('signer', 'follows another policy version 1 than is trusted here', todo));
  }
  if (journal.failed) {
    const [what, todo] = [
      journal.failure ?? 'a write failed',
      'make room or mend the disk; if that is not enough, restart the signer',
    ];
    findings.push(fail('signer journal', what, todo));
  }
  for (const { at, reason, persons } of recoveries) {
    findings.push(ok('signer journal', `was recovered at ${at} (${plain(reason)}), approved by ${persons.join(', ')}`));
  }
  if (!status.clockOk) findings.push(fail('signer clock', clockOf(status), CLOCK_TODO));
  for (const { factory, role, keyid } of frozen) {
    const todo = 'find out who used the key; if an older journal was put back, countersign signer recover';
    findings.push(
      fail('signer', `${role} of ${factory} is frozen: ${keyid} signed what the journal does not know`, todo),
    );
  }
  for (const { label, state, roles, workers } of tokens) {
    const restarts = workers.reduce((sum, worker) => sum + worker.restarts, 0);
    if (isForCeremonies({ state, roles })) findings.push(ok(`token ${label}`, 'is not there; only root updates wait'));
    else if (state !== 'ready') findings.push(fail(`token ${label}`, `is ${state}`, 'look at the signer’s log'));
    else if (restarts > 0)
      findings.push(warn(`token ${label}`, `its workers were restarted ${restarts} times`, 'look at the signer’s log'));
  }
  for (const { keyid, state } of keys) {
    if (state === 'absent')
      findings.push(warn(`key ${keyid.slice(0, 12)}`, 'is known and in no token now', 'attach its token'));
  }
  return findings;
}

/** A token with root keys alone lies in a safe until a ceremony. */
export function isForCeremonies({ state, roles }: Pick<SignerStatus['tokens'][number], 'state' | 'roles'>): boolean {
  return state === 'unavailable' && roles.length > 0 && roles.every((role) => role === 'root');
}

function clockOf({ clock, journal }: SignerStatus): string {
  return `is behind its journal${clock === undefined ? '' : `: ${clock}, and the last entry is of ${journal.at}`}`;
}
