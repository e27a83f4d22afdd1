import type { SigningService } from '../../signing/index.js';
import type { Handlers } from '../call.js';
import { parseImportedSignatures } from './parse-imported-signatures.js';
import { parseRootSubmission } from './parse-root-submission.js';
import { inRootBodyTerms } from './root-pointers.js';
import { requestLocation } from './request-path.js';

type RootHandlers = Pick<
  Handlers,
  'submitRootUpdate' | 'addExternalSignatures' | 'importSignatures' | 'getRoots' | 'getRootTransaction'
>;

const RETRY_AFTER_SECONDS = '5';

export function createRootHandlers(signing: SigningService, publicUrl: string | undefined): RootHandlers {
  return {
    async submitRootUpdate({ params, body, headers, identity }) {
      const key = headers['idempotency-key'];
      const submission = {
        ...parseRootSubmission(params.factory, body),
        ...(key === undefined ? {} : { idempotencyKey: key }),
      };
      const result = await signing.submitRootUpdate(submission, identity.caller).catch((error: unknown) => {
        throw inRootBodyTerms(error, submission);
      });
      if (submission.dryRun === true) return { status: 200, json: result };
      const headersOut = {
        Location: requestLocation(result.request.id, publicUrl),
        'Retry-After': RETRY_AFTER_SECONDS,
      };
      return { status: 202, headers: headersOut, json: result };
    },

    async addExternalSignatures({ params, body, identity }) {
      const signatures = body.signatures.map(
        ({ document, ...more }) => ({ ...more, document: document === 0 ? 0 : 1 }) as const,
      );
      return { status: 200, json: await signing.addExternals(params.id, signatures, identity.caller) };
    },

    async importSignatures({ params, body, identity }) {
      const { journal } = parseImportedSignatures(body);
      return { status: 200, json: await signing.importSignatures(params.id, journal, identity.caller) };
    },

    async getRoots({ params }) {
      return { status: 200, json: await signing.roots(params.factory) };
    },

    async getRootTransaction({ params }) {
      return { status: 200, json: await signing.rootTransaction(params.factory) };
    },
  };
}
