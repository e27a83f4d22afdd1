/**
 * What no attack may get: a signature over bytes that not enough officers approved. The oracle hears of everything that officers' keys sign
 * and looks at everything that a token signed, and it knows nothing of the code in between.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { NAMESPACES } from '../../src/approval/index.js';
import type { SoftToken } from './soft-token-pool.js';

const statementSchema = z.object({
  requester: z.object({ name: z.string() }),
  documents: z.array(z.object({ sha256: z.string(), sign: z.array(z.string()) })),
});

export interface Oracle {
  /** For `onOfficerSigns` of the fixture. */
  hear(person: string, namespace: string, message: string): void;
  /** Throws if the token signed what was not approved. */
  judge(token: Pick<SoftToken, 'signed'>): void;
}

/** @param quorum how many persons must have approved, by the policy of the test */
export function createOracle(quorum = 2): Oracle {
  const approvedBy = new Map<string, Set<string>>();
  return {
    hear(person, namespace, message) {
      if (namespace !== NAMESPACES.approve) return;
      approvedBy.set(message, (approvedBy.get(message) ?? new Set()).add(person));
    },
    judge({ signed }) {
      for (const { keyid, payload } of signed) {
        const sha256 = createHash('sha256').update(payload).digest('hex');
        const isApproved = [...approvedBy].some(([text, persons]) => {
          const { requester, documents } = statementSchema.parse(JSON.parse(text));
          const counted = [...persons].filter((person) => person !== requester.name);
          return counted.length >= quorum && documents.some((one) => one.sha256 === sha256 && one.sign.includes(keyid));
        });
        if (!isApproved) throw new Error(`the token signed what nobody approved: ${payload.toString('utf8')}`);
      }
    },
  };
}
