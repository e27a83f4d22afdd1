import type { SigningService } from '../../signing/index.js';
import type { Handlers } from '../call.js';
import { inBundleBodyTerms } from './bundle-pointers.js';
import { parseBundleSubmission } from './parse-bundle-submission.js';
import { requestLocation } from './request-path.js';

const RETRY_AFTER_SECONDS = '5';

export function createBundleHandlers(
  signing: SigningService,
  publicUrl: string | undefined,
): Pick<Handlers, 'submitBundle'> {
  return {
    async submitBundle({ params, body, headers, identity }) {
      const key = headers['idempotency-key'];
      const submission = {
        ...parseBundleSubmission(params.factory, body),
        ...(key === undefined ? {} : { idempotencyKey: key }),
      };
      const result = await signing.submitBundle(submission, identity.caller).catch((error: unknown) => {
        throw inBundleBodyTerms(error);
      });
      if (submission.dryRun === true) return { status: 200, json: result };
      const location = { Location: requestLocation(result.request.id, publicUrl) };
      if (result.request.state === 'delivered') return { status: 200, headers: location, json: result };
      return { status: 202, headers: { ...location, 'Retry-After': RETRY_AFTER_SECONDS }, json: result };
    },
  };
}
