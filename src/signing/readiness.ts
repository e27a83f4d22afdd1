import { CountersignError, type ErrorCode, isCountersignError } from '../errors.js';
import type { Context } from './context.js';
import { newestReceipt } from './newest-receipt.js';
import type { CanaryState, FactoryPort, SignerStatus } from './ports.js';
import type { ReadinessCheck, ReadinessReport } from './service.js';

/** Who asks is a load balancer, and does not wait for as long as work may take. */
const ANSWER_WITHIN_MS = 5_000;

/** What it means if there is no answer by then. */
const SILENT: Readonly<Record<'store' | 'signer' | 'canary' | 'factory' | 'gateway', ErrorCode>> = {
  store: 'STORE_FAILED',
  signer: 'SIGNER_UNAVAILABLE',
  canary: 'SIGNER_UNAVAILABLE',
  factory: 'FACTORY_UNAVAILABLE',
  gateway: 'GATEWAY_UNAVAILABLE',
};

/** Whether the service can do its work now: the store, the signer, its tokens and that they really sign, every Factory, and the gateway. */
export async function checkReadiness(
  context: Context,
  { factories, checkGateway }: { factories: ReadonlyMap<string, FactoryPort>; checkGateway?: () => Promise<void> },
): Promise<ReadinessReport> {
  const status = statusOf(context);
  const [store, signer, canaries, ...reached] = await Promise.all([
    check(context, { name: 'store' }, () => context.store.check()),
    checkSigner(context, status),
    checkCanaries(context, status),
    ...[...factories].map(([subject, port]) => check(context, { name: 'factory', subject }, () => port.self())),
    ...(checkGateway === undefined ? [] : [check(context, { name: 'gateway' }, checkGateway)]),
  ]);
  const checks = [store, ...signer, ...canaries, ...reached];
  return { ready: checks.every(({ ok }) => ok), checks };
}

async function statusOf(context: Context): Promise<SignerStatus> {
  return context.signer.status(await newestReceipt(context));
}

async function checkSigner(context: Context, asked: Promise<SignerStatus>): Promise<ReadinessCheck[]> {
  let status: SignerStatus | null = null;
  const signer = await check(context, { name: 'signer' }, async () => {
    status = await asked;
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
  return (status?.tokens ?? []).map((token) => {
    const { label: subject, state } = token;
    if (state === 'ready') return { name: 'token', subject, ok: true };
    if (isAway(token)) return { name: 'token', subject, ok: true, message: AWAY };
    return { name: 'token', subject, ok: false, code: 'TOKEN_UNAVAILABLE', message: `the token is ${state}` };
  });
}

const AWAY = 'the token is not there; root updates wait for it, nothing else does';

/** A token with root keys alone lies in a safe until a ceremony. One whose PIN was refused is there, and needs its operator. */
function isAway({ state, roles = [] }: SignerStatus['tokens'][number]): boolean {
  return state === 'unavailable' && roles.length > 0 && roles.every((role) => role === 'root');
}

/** One for each token. Those without a canary key are let pass, and say so: they worked before there were canaries. */
async function checkCanaries(context: Context, status: Promise<SignerStatus>): Promise<ReadinessCheck[]> {
  let canaries: readonly CanaryState[] = [];
  const asked = await check(context, { name: 'canary' }, async () => {
    canaries = (await context.signer.canary()).tokens;
  });
  if (!asked.ok) return [asked];
  const tokens = await status.then(
    (known) => known.tokens,
    () => [],
  );
  const away = new Set(tokens.filter(isAway).map(({ label }) => label));
  return canaries.map((one) =>
    away.has(one.label) ? { name: 'canary', subject: one.label, ok: true, message: AWAY } : canaryCheck(one),
  );
}

function canaryCheck({ label: subject, state, code = 'TOKEN_UNAVAILABLE', message }: CanaryState): ReadinessCheck {
  const head = { name: 'canary', subject } as const;
  switch (state) {
    case 'ok':
      return { ...head, ok: true };
    case 'none':
      return { ...head, ok: true, message: `no canary key: countersign key generate --role canary --token ${subject}` };
    case 'pending':
    case 'failed':
      return { ...head, ok: false, code, message: message ?? 'the token does not sign' };
  }
}

async function check(
  context: Context,
  what: { readonly name: keyof typeof SILENT; readonly subject?: string },
  prove: () => Promise<unknown>,
): Promise<ReadinessCheck> {
  let disarm: () => void = () => undefined;
  const silence = new Promise<never>((_, reject) => {
    disarm = context.timers.after(ANSWER_WITHIN_MS, () =>
      reject(new CountersignError(SILENT[what.name], `no answer within ${ANSWER_WITHIN_MS / 1000} s`)),
    );
  });
  try {
    await Promise.race([prove(), silence]);
    return { ...what, ok: true };
  } catch (error) {
    if (!isCountersignError(error)) return { ...what, ok: false, code: 'INTERNAL', message: 'an internal error' };
    return { ...what, ok: false, code: error.code, message: error.message };
  } finally {
    disarm();
  }
}
