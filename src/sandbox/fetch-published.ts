import { CountersignError } from '../errors.js';
import { encodeCanonical, parseCanonical } from '../tuf/index.js';
import type { PublishedMetadata } from './device.js';

/** Where to look: a Factory's API and the token of someone who may read targets. */
export interface PublishedSource {
  readonly url: string;
  readonly factory: string;
  readonly token: string;
  readonly tag: string;
  /** The targets of this active Wave instead of the tag's production targets. */
  readonly wave?: string;
}

const MAX_ROOTS = 1000;

/**
 * What a Factory serves to the production devices of a tag: its root chain from version 1 on, and the targets. Fetched
 * with no code of the service's own client, so that the device's view is a second opinion.
 *
 * @throws FACTORY_ANSWER_INVALID for any answer but the expected one
 */
export async function fetchPublished(source: PublishedSource): Promise<PublishedMetadata> {
  const repo = `/ota/repo/${source.factory}/api/v1/user_repo`;
  const roots: Buffer[] = [];
  while (roots.length < MAX_ROOTS) {
    const root = await fetchJson(source, `${repo}/${roots.length + 1}.root.json?production=1`);
    if (root === null) break;
    roots.push(root);
  }
  const base = `/ota/factories/${source.factory}`;
  const [path, name] =
    source.wave === undefined
      ? [`${base}/prod-targets/?tag=${encodeURIComponent(source.tag)}`, source.tag]
      : [`${base}/wave-targets/?name=${encodeURIComponent(source.wave)}`, source.wave];
  return { roots, targets: memberOf(await fetchJson(source, path), name) };
}

async function fetchJson(source: PublishedSource, path: string): Promise<Buffer | null> {
  const response = await fetch(`${source.url}${path}`, { redirect: 'error', headers: { 'osf-token': source.token } });
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status === 404) return null;
  if (response.status === 200) return body;
  throw new CountersignError('FACTORY_ANSWER_INVALID', `GET ${path}: ${response.status}`);
}

function memberOf(body: Buffer | null, name: string): Buffer {
  const value = body === null ? null : parseCanonical(body).value;
  const member =
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
      ? value[name]
      : undefined;
  if (member !== undefined) return encodeCanonical(member);
  throw new CountersignError('FACTORY_ANSWER_INVALID', `the Factory publishes no targets called ${name}`);
}
