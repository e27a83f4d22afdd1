import type { SignedPolicy } from '../../policy/index.js';
import type { Recovery } from '../../recovery/index.js';
import { CountersignError } from '../../errors.js';
import { encodeText, sha256Hex } from '../../tuf/index.js';
import type { JournalBody, JournalBodyOf, JournalHead } from '../journal/index.js';
import type { RecoveryPlan } from './plan.js';

/** What people decide about a recovery; the rest follows from the inputs. */
export type RecoveryTerms = Pick<Recovery, 'created' | 'expires' | 'reason'>;

/** The document for a plan, made from nothing but the plan and the terms: so it can be made again and compared. */
export function describePlan(
  { bodies, state }: RecoveryPlan,
  head: JournalHead,
  damagedLine: number | null,
  terms: RecoveryTerms,
): Recovery {
  const policy = policyInForce(state.policies);
  const all = <T extends JournalBody['type']>(type: T): JournalBodyOf<T>[] =>
    bodies.filter((body): body is JournalBodyOf<T> => body.type === type);
  return {
    _type: 'countersign/recovery',
    spec: 1,
    service: state.service,
    policy: { version: policy.policy.version, sha256: policy.sha256 },
    journal: { seq: head.seq, hash: head.hash, damagedLine },
    ...terms,
    policies: all('policy').map(({ version, sha256 }) => ({ version, sha256 })),
    roots: all('root').map(({ factory, repository, version, sha256 }) => ({ factory, repository, version, sha256 })),
    keys: all('key').map(({ keyid, factory, role, token }) => ({ keyid, factory, role, token: token.label })),
    requests: all('recovered').map(({ id, kind, factory, statement, documents, lines }) => ({
      id,
      ...(kind === 'bundle' ? { kind } : {}),
      factory,
      statement,
      from: lines.length > 0 ? 'journal' : 'dossier',
      documents: documents.map(({ repository, role, tag, version, sha256, sign }) => ({
        ...{ repository, role, tag, version, sha256 },
        keyids: sign.map(({ keyid }) => keyid),
      })),
    })),
    adopted: all('adopted').map(({ factory, repository, role, tag, version, sha256, keyid }) => ({
      ...{ factory, repository, role, tag, version, sha256, keyid },
    })),
    published: all('published').map(({ factory, repository, role, tag, version, sha256 }) => ({
      ...{ factory, repository, role, tag, version, sha256 },
    })),
    vetoes: all('veto').map(({ id, statement, person }) => ({ id, statement, person })),
    lifts: Array.from(state.frozen)
      .filter(({ keyid, sha256 }) => state.knowsDocument(keyid, sha256))
      .map(({ factory, role, keyid, version, sha256 }) => ({ factory, role, keyid, version, sha256 })),
    entries: sha256Hex(encodeText(bodies, { lineFeeds: true })),
  };
}

export function policyInForce(policies: readonly SignedPolicy[]): SignedPolicy {
  const policy = policies.at(-1);
  if (policy === undefined) throw new CountersignError('INTERNAL', 'the journal holds no policy');
  return policy;
}
