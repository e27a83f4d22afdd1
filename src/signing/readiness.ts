import { CountersignError, isCountersignError } from '../errors.js';
import type { Context } from './context.js';
import { newestReceipt } from './newest-receipt.js';
import type { FactoryPort, SignerStatus } from './ports.js';
import type { ReadinessCheck, ReadinessReport } from './service.js';

/** Whether the service can do its work now: the store, the signer and its tokens, every Factory. */
export async function checkReadiness(
  context: Context,
  factories: ReadonlyMap<string, FactoryPort>,
): Promise<ReadinessReport> {
  const [store, signer, ...reached] = await Promise.all([
    check({ name: 'store' }, () => context.store.check()),
    checkSigner(context),
    ...[...factories].map(([subject, port]) => check({ name: 'factory', subject }, () => port.self())),
  ]);
  const checks = [store, ...signer, ...reached];
  return { ready: checks.every(({ ok }) => ok), checks };
}

async function checkSigner(context: Context): Promise<ReadinessCheck[]> {
  let status: SignerStatus | null = null;
  const signer = await check({ name: 'signer' }, async () => {
    status = await context.signer.status(await newestReceipt(context));
    requireSound(status, context.pins.policySha256);
  });
  return [signer, ...tokensOf(status)];
}

function requireSound(status: SignerStatus, service: string): void {
  if (!status.initialised) {
    throw new CountersignError('SIGNER_NOT_INITIALISED', 'the signer is not initialised', {
      hint: 'Run countersign signer init.',
    });
  }
  if (status.service !== service) {
    throw new CountersignError('STATEMENT_OTHER_SERVICE', 'the signer was initialised with another policy version 1');
  }
  if (status.journal?.failed === true) {
    throw new CountersignError(
      'JOURNAL_WRITE_FAILED',
      status.journal.failure ?? "the signer's journal was not written",
    );
  }
  if (!status.clockOk) throw clockBehind(status);
  if (status.journal?.incomplete === true) {
    throw new CountersignError(
      'JOURNAL_INCOMPLETE',
      'the signer’s journal was lost, or an older one was put back: countersign signer recover',
    );
  }
  const frozen = status.frozen[0];
  if (frozen !== undefined) {
    throw new CountersignError(
      'ROLE_FROZEN',
      `the role ${frozen.role} of Factory ${frozen.factory} is frozen: a misused key, or an older journal (countersign signer recover)`,
    );
  }
}

function clockBehind({ clock, journal }: SignerStatus): CountersignError {
  const times =
    clock === undefined ? '' : ` (${clock}; the journal's last entry is of ${journal?.at ?? 'an unknown time'})`;
  return new CountersignError(
    'SIGNER_CLOCK',
    `the signer's clock is behind its journal${times}: nothing is signed until it is right, see signer clock-reset`,
  );
}

function tokensOf(status: SignerStatus | null): ReadinessCheck[] {
  return (status?.tokens ?? []).map(({ label, state }) => ({
    name: 'token',
    subject: label,
    ok: state === 'ready',
    ...(state === 'ready' ? {} : { code: 'TOKEN_UNAVAILABLE', message: `the token is ${state}` }),
  }));
}

async function check(
  what: Pick<ReadinessCheck, 'name' | 'subject'>,
  prove: () => Promise<unknown>,
): Promise<ReadinessCheck> {
  try {
    await prove();
    return { ...what, ok: true };
  } catch (error) {
    if (!isCountersignError(error)) return { ...what, ok: false, code: 'INTERNAL', message: 'an internal error' };
    return { ...what, ok: false, code: error.code, message: error.message };
  }
}
