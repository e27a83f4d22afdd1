import { z } from 'zod';
import { CountersignError } from '../errors.js';
import { publicKeyObject, type Key } from '../tuf/index.js';

const keySchema = z.strictObject({
  keytype: z.enum(['RSA', 'ED25519']),
  keyval: z.strictObject({ public: z.string().min(1).max(8192) }),
});
const offlineKeysSchema = z.strictObject({
  root: z.array(keySchema).max(100).default([]),
  targets: z.array(keySchema).min(1).max(100),
});

/** Public TUF keys, made elsewhere, that the sandbox's root version 3 is to name. */
export interface OfflineKeys {
  readonly root: readonly Key[];
  readonly targets: readonly Key[];
}

/**
 * The text of an `--offline-keys` file: JSON `{"targets":[Key,...],"root":[Key,...]}`.
 *
 * @throws CONFIG_INVALID (with a pointer), KEY_INVALID
 */
export function parseOfflineKeys(text: string): OfflineKeys {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CountersignError('CONFIG_INVALID', 'the offline keys file is not JSON', { cause });
  }
  const parsed = offlineKeysSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new CountersignError('CONFIG_INVALID', `the offline keys file: ${issue?.message ?? 'of another form'}`, {
      pointer: (issue?.path ?? []).map((step) => `/${String(step)}`).join(''),
      hint: 'Public keys only: {"targets":[{"keytype":...,"keyval":{"public":...}}],"root":[...]}.',
    });
  }
  for (const key of [...parsed.data.root, ...parsed.data.targets]) publicKeyObject(key);
  return parsed.data;
}
