import { factoryOf } from '../policy/index.js';
import type { Context } from './context.js';
import { eventOf } from './move.js';
import { AGAIN, REST, type StepResult } from './step-result.js';
import type { StoredRequest } from './store-port.js';

/**
 * Shows the signer what the Factory published, so that its watermark rises. It verifies that itself, under the roots
 * that come along.
 *
 * @throws FACTORY_…, SIGNER_UNAVAILABLE, what the signer refuses it for
 */
export async function tellSigner(context: Context, request: StoredRequest): Promise<StepResult> {
  if (request.signerTold !== null || request.kind === 'bundle') return REST;
  if (request.kind === 'root') return tellRoots(context, request);
  if (request.published === null) return REST;
  const port = context.factory(request.factory);
  const { firstRoot } = factoryOf(context.policy.policy, request.factory);
  const [metadata, ci, production] = await Promise.all([
    context.store.blobs.get(request.published),
    port.rootChain('ci', firstRoot.version),
    port.rootChain('production', firstRoot.version),
  ]);
  const text = (bytes: Buffer) => bytes.toString('utf8');
  const { watermark } = await context.signer.published({
    factory: request.factory,
    tag: request.wave?.tag ?? '',
    ...(request.wave === null ? {} : { wave: request.wave.name }),
    metadata: text(metadata),
    roots: { ci: ci.map(text), production: production.map(text) },
  });
  await context.step('publish:after-signer', request.id);
  const at = context.clock.now().toISOString();
  const details = { version: watermark.version, document: watermark.sha256 };
  await context.store.requests.markSignerTold(request.id, at, eventOf(context, 'published', request, { details }));
  await context.step('publish:after-store', request.id);
  return AGAIN;
}

/** The new roots are what a key leaves its standby by, and older ones retire. */
async function tellRoots(context: Context, request: StoredRequest): Promise<StepResult> {
  const port = context.factory(request.factory);
  const { firstRoot } = factoryOf(context.policy.policy, request.factory);
  const [ci, production] = await Promise.all([
    port.rootChain('ci', firstRoot.version),
    port.rootChain('production', firstRoot.version),
  ]);
  const text = (bytes: Buffer) => bytes.toString('utf8');
  const roots = { ci: ci.map(text), production: production.map(text) };
  await context.signer.publishedRoots({ factory: request.factory, roots });
  await context.step('publish:after-signer', request.id);
  const at = context.clock.now().toISOString();
  const details = { version: firstRoot.version + ci.length - 1 };
  await context.store.requests.markSignerTold(request.id, at, eventOf(context, 'published', request, { details }));
  await context.step('publish:after-store', request.id);
  return AGAIN;
}
