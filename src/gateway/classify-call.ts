import { CountersignError } from '../errors.js';
import { isRead } from './is-read.js';

/** What a call is to the gateway. */
export type CallKind =
  | { readonly kind: 'proxied' }
  /** The CI root in force. */
  | { readonly kind: 'root' }
  | { readonly kind: 'create-wave' }
  | { readonly kind: 'sign-wave'; readonly wave: string }
  | { readonly kind: 'root-update'; readonly operation: RootUpdateOperation };

export type RootUpdateOperation = 'show' | 'begin' | 'put' | 'generate-online-keys' | 'apply' | 'cancel';

export type ClassifiedCall = CallKind & { readonly factory: string };

const ROOT_UPDATES: Readonly<Record<string, RootUpdateOperation>> = {
  'GET /root/updates': 'show',
  'POST /root/updates': 'begin',
  'PUT /root/updates': 'put',
  'POST /root/updates/gen-online-keys': 'generate-online-keys',
  'POST /root/updates/apply': 'apply',
  'POST /root/updates/cancel': 'cancel',
};

/** Of one Wave, and nothing about what is signed. */
const WAVE_STEPS = ['rollout', 'complete', 'cancel'];

/**
 * Tells what a call is by its method and its target as they stand in the request line. A target that a server may read as another path than
 * it is judged by here is refused: where the gateway steps in, nothing goes past it by another spelling.
 *
 * @throws INPUT_INVALID (spelling), NOT_FOUND (no such Factory or path), METHOD_NOT_ALLOWED, FORBIDDEN (a write that is not let through)
 */
export function classifyCall(method: string, target: string, isServed: (factory: string) => boolean): ClassifiedCall {
  const [, part, factory = '', rest = ''] = /^\/ota\/(repo|factories)\/([^/?]+)(\/[^?]*)?(?:\?|$)/.exec(target) ?? [];
  if (part === undefined || !isServed(factory)) throw notFound();
  requireOnePath(rest);
  if (!METHODS.includes(method)) throw new CountersignError('METHOD_NOT_ALLOWED', `${method} is not passed on`);
  return { factory, ...(part === 'repo' ? inRepository(method, rest, target) : inFactory(method, rest)) };
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const REPOSITORY = '/api/v1/user_repo';

function inRepository(method: string, rest: string, target: string): CallKind {
  if (!rest.startsWith(`${REPOSITORY}/`)) throw notFound();
  const path = rest.slice(REPOSITORY.length);
  if (!/^[\w.~/-]+$/.test(path) || path.includes('//')) throw misspelt();
  const operation = ROOT_UPDATES[`${method === 'HEAD' ? 'GET' : method} ${path}`];
  if (operation !== undefined) return { kind: 'root-update', operation };
  if (!isRead(method)) throw notLetThrough(method, path);
  return path === '/root.json' && !asksForProduction(target) ? { kind: 'root' } : { kind: 'proxied' };
}

/** In the reading of every server: some take the first of several, others the last. */
function asksForProduction(target: string): boolean {
  const asked = new URLSearchParams(/\?(.*)$/s.exec(target)?.[1] ?? '').getAll('production');
  return asked.length > 0 && asked.every((value) => value === '1');
}

function inFactory(method: string, rest: string): CallKind {
  if (isRead(method)) return { kind: 'proxied' };
  if (rest.includes('//') || /%(2f|5c|25)/i.test(rest) || encodesNeedlessly(rest)) throw misspelt();
  const [, area = '', ...more] = rest.split('/');
  if (area !== 'waves') {
    if (/^waves(;|$)/i.test(area)) throw misspelt();
    return { kind: 'proxied' };
  }
  const [wave, step, end, ...further] = more;
  if (method === 'POST' && wave === '' && step === undefined) return { kind: 'create-wave' };
  if (method === 'POST' && wave !== undefined && end === '' && further.length === 0) {
    if (step === 'sign') return { kind: 'sign-wave', wave };
    if (step !== undefined && WAVE_STEPS.includes(step)) return { kind: 'proxied' };
  }
  throw notLetThrough(method, rest);
}

/** Nearly all: letters, digits and a few signs, no segment that begins with a dot. */
const PLAIN_PATH = /^(?:\/(?:[\w$-][\w$.-]*)?)*$/;

/** No `.` or `..`, no backslash, no control character, nothing that is one of them once it is decoded, once or twice. */
function requireOnePath(path: string): void {
  if (PLAIN_PATH.test(path)) return;
  const once = decode(path);
  if (once === null || path.includes('#')) throw misspelt();
  for (const reading of [once, decode(once) ?? '']) {
    const isOther = (segment: string) => /^\.{1,2}(;|$)/.test(segment);
    if (/[\\\p{Cc}]/u.test(reading) || reading.split('/').some(isOther)) throw misspelt();
  }
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Letters and digits stand for themselves; who encodes them wants to be read in two ways. */
function encodesNeedlessly(path: string): boolean {
  return [...path.matchAll(/%([0-9a-f]{2})/gi)].some(([, hex = '']) =>
    /[\w.~-]/.test(String.fromCharCode(Number.parseInt(hex, 16))),
  );
}

function misspelt(): CountersignError {
  return new CountersignError('INPUT_INVALID', 'this path may be read in more than one way, so it is not passed on', {
    hint: 'Names of Waves, tags and Factories are letters, digits and a few signs, written as they are.',
  });
}

function notFound(): CountersignError {
  return new CountersignError('NOT_FOUND', 'this gateway serves no such Factory or path', {
    hint: 'Look at `factory` and `server.url` of the fioctl configuration.',
  });
}

function notLetThrough(method: string, path: string): CountersignError {
  return new CountersignError('FORBIDDEN', `${method} …${path} does not go through Countersign`, {
    hint: 'Waves are asked for with `fioctl waves init` or `countersign waves init`, root updates with `countersign root`.',
  });
}
