import { createHash } from 'node:crypto';
import type { NewEvent, NewRequest, StoredApproval } from '../../src/signing/index.js';

/** Made-up records for the store's tests: the store looks at their form, never at what they mean. */

export const AT = '2026-03-01T10:00:00.000Z';

export function digest(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

export function blobs(id: string): Buffer[] {
  return ['root-1', 'root-2', 'ci', `document of ${id}`].map((text) => Buffer.from(text));
}

export function newRequest(number: number, changes: Partial<NewRequest> = {}): NewRequest {
  const id = changes.id ?? `req_${String(number).padStart(26, '0')}`;
  const statement = `{"id":"${id}"}`;
  const [root1, root2, ci, document] = blobs(id).map(digest);
  return {
    id,
    factory: 'acme',
    kind: 'wave',
    wave: { name: `w${number}`, tag: 'production', version: 40 + number },
    bundleTag: null,
    requester: { name: 'ci-main', kind: 'ci', via: 'ci', requestKey: null },
    reason: 'a fix',
    created: '2026-03-01T10:00:00Z',
    expires: '2026-03-04T10:00:00Z',
    statement,
    statementSha256: digest(statement),
    material: {
      policyVersion: 1,
      rootsCi: [root1 ?? '', root2 ?? ''],
      rootsProduction: [root2 ?? '', root1 ?? ''],
      ciTargets: ci ?? '',
      productionTargets: [],
      waveTargets: [],
      documents: [document ?? ''],
      bundle: null,
    },
    ...changes,
  };
}

export function event(type: NewEvent['type'], changes: Partial<NewEvent> = {}): NewEvent {
  return { at: AT, actor: 'service', type, request: null, details: {}, ...changes };
}

export function asked(request: NewRequest): NewEvent {
  return event('asked', { actor: 'ci-main', request: request.id, details: { statement: request.statementSha256 } });
}

export function approval(person: string): StoredApproval {
  return { person, fingerprint: `SHA256:${person}`, sshsig: `signature of ${person}`, at: AT };
}
