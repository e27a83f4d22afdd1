import { z } from 'zod';
import { encodeText, parseText } from '../tuf/index.js';
import { parseWithSchema, sha256Schema, timeSchema } from './document-schema.js';

/** What an officer signs to sign in, in the namespace `NAMESPACES.login`. It approves nothing. */
export interface LoginChallenge {
  /** Hex SHA-256 of policy version 1, which names the service: an answer is worth nothing to another one. */
  readonly service: string;
  /** Chosen by the service for this one sign-in: 32 to 128 lower case hex digits. */
  readonly nonce: string;
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly expires: string;
  /** Where the service is reached, shown to the person who signs. */
  readonly url?: string;
}

const MAX_CHALLENGE_BYTES = 8192;

const challengeSchema = z.strictObject({
  _type: z.literal('countersign/login'),
  expires: timeSchema,
  nonce: z.string().regex(/^(?:[0-9a-f]{2}){16,64}$/, 'must be 32 to 128 lower case hex digits'),
  service: sha256Schema,
  spec: z.literal(1),
  url: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .exactOptional(),
});

/**
 * The bytes to sign: canonical text, UTF-8, no newline at the end.
 *
 * @throws INPUT_INVALID a member of the wrong form
 */
export function encodeLoginChallenge(challenge: LoginChallenge): Buffer {
  const document = { _type: 'countersign/login', spec: 1, ...challenge };
  return Buffer.from(encodeText(narrow(document)), 'utf8');
}

/**
 * The caller compares service, nonce and time; this looks at the form only.
 *
 * @throws INPUT_INVALID of another shape; and what `parseText` throws for bytes that are not canonical text
 */
export function parseLoginChallenge(bytes: Uint8Array | string): LoginChallenge {
  const { service, nonce, expires, url } = narrow(parseText(bytes, { maxBytes: MAX_CHALLENGE_BYTES }));
  return url === undefined ? { service, nonce, expires } : { service, nonce, expires, url };
}

function narrow(value: unknown): z.infer<typeof challengeSchema> {
  return parseWithSchema(challengeSchema, value, { code: 'INPUT_INVALID', what: 'login challenge' });
}
