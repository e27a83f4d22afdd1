import { CountersignError, type ErrorCode } from '../../errors.js';
import type { Role, Root } from '../../tuf/index.js';
import { findJsonDifference } from '../json-difference.js';
import { jsonPointer } from '../json-pointer.js';
import type { Repository } from '../repository.js';
import type { OnlineKeyids } from './infer-online-keys.js';
import { rootAsJson } from './narrow-root.js';
import type { RootPlan } from './root-plan.js';
import { isSameKey } from './root-keys.js';

/** `updated` of a root update as the Factory returns it. */
export interface AnsweredRoots {
  readonly ci: Root;
  /** Null where the Factory has none. */
  readonly production: Root | null;
  readonly onlineKeys: OnlineKeyids;
}

/** What the Factory changed without being asked to. */
export interface AnswerFinding {
  readonly code: Extract<ErrorCode, `ROOT_ANSWER_${string}`>;
  readonly repository: Repository;
  /** Into the root that the Factory returned. */
  readonly pointer: string;
  /** In plain words. Ids are the Factory's, and not made safe to print. */
  readonly message: string;
}

/** What was sent to the Factory, or what it should have made by itself. */
export type SentRoots = Omit<RootPlan, 'intent'>;

/**
 * Compares what the Factory made of an update with what was sent. It has nothing to change but signatures; so whatever it
 * changed is found here, the known dangers by their names and all else as a difference.
 *
 * @returns the worst first; empty when the roots are what was sent
 */
export function checkRootAnswer(sent: SentRoots, answered: AnsweredRoots): AnswerFinding[] {
  const { ci, production, onlineKeys } = answered;
  return [
    ...checkNamedOnlineKey(sent, onlineKeys),
    ...compareRoots('ci', sent.ci, ci, sent.onlineTargetsKeyid),
    ...(production === null
      ? [finding('ROOT_ANSWER_DIFFERS', 'production', '', 'the Factory has no production root')]
      : compareRoots('production', sent.production, production, sent.onlineTargetsKeyid)),
  ].sort((left, right) => SEVERITY.indexOf(left.code) - SEVERITY.indexOf(right.code));
}

/**
 * @throws ROOT_ANSWER_ONLINE_KEY, ROOT_ANSWER_KEY, ROOT_ANSWER_THRESHOLD, ROOT_ANSWER_EXPIRES, ROOT_ANSWER_CHANGELOG,
 *   ROOT_ANSWER_VERSION, ROOT_ANSWER_DIFFERS: the worst of what was found; `details.report` has all of it, line by line
 */
export function requireRootAnswer(sent: SentRoots, answered: AnsweredRoots): void {
  const findings = checkRootAnswer(sent, answered);
  const [worst] = findings;
  if (worst === undefined) return;
  throw new CountersignError(worst.code, `the Factory changed the root update: ${worst.message}`, {
    pointer: worst.pointer,
    hint: 'do not sign; cancel the update and ask the Factory why',
    details: {
      repository: worst.repository,
      report: findings.map(({ repository, pointer, message }) => `${repository} ${pointer}: ${message}`),
    },
  });
}

const SEVERITY: readonly AnswerFinding['code'][] = [
  'ROOT_ANSWER_ONLINE_KEY',
  'ROOT_ANSWER_KEY',
  'ROOT_ANSWER_THRESHOLD',
  'ROOT_ANSWER_EXPIRES',
  'ROOT_ANSWER_CHANGELOG',
  'ROOT_ANSWER_VERSION',
  'ROOT_ANSWER_DIFFERS',
];

/** `online-keys` is where fioctl learns which targets key is not the customer's. */
function checkNamedOnlineKey({ onlineTargetsKeyid }: SentRoots, { targets }: OnlineKeyids): AnswerFinding[] {
  if (targets === onlineTargetsKeyid) return [];
  const message = `it names ${targets ?? 'none'} as its online targets key, not ${onlineTargetsKeyid}`;
  return [finding('ROOT_ANSWER_ONLINE_KEY', 'ci', '', message)];
}

function compareRoots(repository: Repository, sent: Root, got: Root, onlineTargetsKeyid: string): AnswerFinding[] {
  const roles = [...new Set([...Object.keys(sent.roles), ...Object.keys(got.roles)])];
  const findings = [
    ...roles.flatMap((role) =>
      compareRole(repository, role, roleOf(sent, role), roleOf(got, role), onlineTargetsKeyid),
    ),
    ...compareKeys(repository, sent, got),
    ...compareFacts(repository, sent, got),
  ];
  if (findings.length > 0) return findings;
  const pointer = findJsonDifference(rootAsJson(got), rootAsJson(sent), ['signed']);
  return pointer === null ? [] : [finding('ROOT_ANSWER_DIFFERS', repository, pointer, 'is not what was sent')];
}

function compareRole(
  repository: Repository,
  role: string,
  sent: Role,
  got: Role,
  onlineTargetsKeyid: string,
): AnswerFinding[] {
  const keyids = jsonPointer('signed', 'roles', role, 'keyids');
  const isOnline = (keyid: string): boolean =>
    role === 'snapshot' || role === 'timestamp' || (role === 'targets' && keyid === onlineTargetsKeyid);
  const gone = sent.keyids.filter((keyid) => !got.keyids.includes(keyid));
  const came = got.keyids.filter((keyid) => !sent.keyids.includes(keyid));
  const onlineGone = gone.some(isOnline);
  const threshold = `the threshold of ${role} is ${got.threshold}, not ${sent.threshold}`;
  return [
    ...gone.map((keyid) =>
      finding(
        isOnline(keyid) ? 'ROOT_ANSWER_ONLINE_KEY' : 'ROOT_ANSWER_KEY',
        repository,
        keyids,
        `the ${isOnline(keyid) ? 'online ' : ''}key ${keyid} of ${role} is gone`,
      ),
    ),
    ...came.map((keyid) =>
      finding(
        onlineGone || role === 'snapshot' || role === 'timestamp' ? 'ROOT_ANSWER_ONLINE_KEY' : 'ROOT_ANSWER_KEY',
        repository,
        keyids,
        `the foreign key ${keyid} is in the role ${role}`,
      ),
    ),
    ...(got.threshold === sent.threshold
      ? []
      : [
          finding(
            'ROOT_ANSWER_THRESHOLD',
            repository,
            jsonPointer('signed', 'roles', role, 'threshold'),
            `${threshold}: ${got.threshold < sent.threshold ? 'lowered' : 'raised'}`,
          ),
        ]),
  ];
}

function compareKeys(repository: Repository, sent: Root, got: Root): AnswerFinding[] {
  return Object.entries(got.keys).flatMap(([keyid, key]) => {
    const known = Object.hasOwn(sent.keys, keyid) ? sent.keys[keyid] : undefined;
    if (known !== undefined && isSameKey(known, key)) return [];
    const message =
      known === undefined ? `the foreign key ${keyid} is in the root` : `another key stands under ${keyid}`;
    return [finding('ROOT_ANSWER_KEY', repository, jsonPointer('signed', 'keys', keyid), message)];
  });
}

function compareFacts(repository: Repository, sent: Root, got: Root): AnswerFinding[] {
  const findings: AnswerFinding[] = [];
  if (got.expires !== sent.expires) {
    const way = got.expires > sent.expires ? 'longer' : 'shorter';
    const message = `expires is ${got.expires}, ${way} than ${sent.expires}`;
    findings.push(finding('ROOT_ANSWER_EXPIRES', repository, jsonPointer('signed', 'expires'), message));
  }
  const { 'x-changelog': wanted } = sent;
  const { 'x-changelog': written } = got;
  if (findJsonDifference(written, wanted, []) !== null) {
    const message = written === undefined ? 'the changelog was dropped' : 'the changelog is another one';
    findings.push(finding('ROOT_ANSWER_CHANGELOG', repository, jsonPointer('signed', 'x-changelog'), message));
  }
  if (got.version !== sent.version) {
    const message = `the version is ${got.version}, not ${sent.version}`;
    findings.push(finding('ROOT_ANSWER_VERSION', repository, jsonPointer('signed', 'version'), message));
  }
  return findings;
}

function roleOf({ roles }: Root, name: string): Role {
  return (Object.hasOwn(roles, name) ? roles[name] : undefined) ?? { keyids: [], threshold: 0 };
}

function finding(code: AnswerFinding['code'], repository: Repository, pointer: string, message: string): AnswerFinding {
  return { code, repository, pointer, message };
}
