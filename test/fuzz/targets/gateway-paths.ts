import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ErrorCode } from '../../../src/errors.js';
import { classifyCall } from '../../../src/gateway/classify-call.js';
import type { Random } from '../../support/random.js';
import { corpusOf } from '../corpus.js';
import type { FuzzTarget } from '../fuzz-target.js';
import { madeBy, oneOf } from '../inputs.js';
import { attempt } from '../refusal.js';

const CODES: readonly ErrorCode[] = ['INPUT_INVALID', 'NOT_FOUND', 'METHOD_NOT_ALLOWED', 'FORBIDDEN'];
const P = '/ota/repo/acme/api/v1/user_repo';
const Q = '/ota/factories/acme';
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const TARGETS = [
  ...['/root.json', '/root.json?production=1', '/3.root.json', '/root/updates', '/root/updates/apply'].map(
    (of) => P + of,
  ),
  ...['/waves/', '/waves/w1/sign/', '/waves/w1/complete/', '/waves/w1/', '/devices/d1/'].map((of) => Q + of),
];
/** What one server reads as a slash, a dot, a letter or nothing at all, and another does not. */
const ODD = [
  ...[
    '/',
    '//',
    '/.',
    '/..',
    '/./',
    '/../',
    '\\',
    '%2f',
    '%2F',
    '%252f',
    '%5c',
    '%2e',
    '%2e%2e',
    '%252e',
    ';',
    ';x=y',
    '..;',
  ],
  ...[
    '%77',
    '%57',
    'W',
    'waves',
    '/waves/',
    '%2577',
    '%00',
    '%0a',
    '%c0%ae',
    '%u0077',
    '+',
    '%20',
    '#',
    '?',
    '?production=1',
  ],
  ...['&production=0', '%', '%zz', '\u00e9', P, Q, '/acme', '/other', 'http://x', '@', '~', '$', '*'],
];

/** Request lines: whatever a server may read as a path where the gateway steps in is answered here or refused. */
export const gatewayPathsTarget: FuzzTarget = {
  name: 'gateway/paths',
  share: 60_000,
  open() {
    const corpus = corpusOf('gateway/paths');
    const bent = madeBy((random) => Buffer.from(`${oneOf(random, METHODS)} ${bend(random)}`, 'latin1'));
    const inputs = fc.oneof(
      bent,
      fc.string({ unit: 'binary-ascii' }).map((text) => Buffer.from(`POST /ota/${text}`)),
    );
    return { corpus, inputs, check };
  },
};

function bend(random: Random): string {
  let target = oneOf(random, TARGETS);
  for (let edits = random(4); edits > 0; edits -= 1) {
    const at = random(target.length + 1);
    target = target.slice(0, at) + oneOf(random, ODD) + target.slice(at + random(4));
  }
  return target;
}

function check(input: Buffer): void {
  const [, method = '', target = ''] = /^(\S+) (.*)$/s.exec(input.toString('latin1')) ?? [];
  const outcome = attempt(CODES, () => classifyCall(method, target, (name) => name === 'acme'));
  if ('refused' in outcome || outcome.accepted.kind !== 'proxied') return;
  for (const path of readingsOf(target)) {
    assert.ok(!isSteppedIn(method, path, target), `${method} ${target} is passed on, and may be read as ${path}`);
  }
}

/** The paths that servers of all kinds could make of a target. */
function readingsOf(target: string): Set<string> {
  const readings = new Set([target.split(/[?#]/)[0] ?? '']);
  for (const make of [decoded, decoded, withSlashes, withoutParameters, resolved]) {
    for (const reading of [...readings]) readings.add(make(reading));
  }
  return readings;
}

const decoded = (path: string): string =>
  path.replace(/%(?:u00)?([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
const withSlashes = (path: string): string => path.replace(/\\/g, '/').replace(/\/{2,}/g, '/');
const withoutParameters = (path: string): string => path.replace(/;[^/]*/g, '');

function resolved(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  return kept.join('/');
}

/** The rules in their plainest words, in no other spelling than the right one, and in any case of letters for writes. */
function isSteppedIn(method: string, path: string, target: string): boolean {
  const isRead = method === 'GET' || method === 'HEAD';
  if (!isRead) {
    if (path.toLowerCase().startsWith(`${P}/`)) return true;
    const [, step] = /^\/ota\/factories\/acme\/waves(?:\/([^]*))?$/i.exec(path) ?? [];
    if (!path.toLowerCase().startsWith(`${Q}/waves`)) return false;
    return step !== undefined && !/^[^/]+\/(?:rollout|complete|cancel)\/$/.test(step);
  }
  if (path === `${P}/root/updates`) return true;
  const asked = new URLSearchParams(target.split('?').slice(1).join('?')).getAll('production');
  return path === `${P}/root.json` && (asked.length === 0 || asked.some((value) => value !== '1'));
}
