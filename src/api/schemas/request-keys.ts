import { z } from 'zod';

const role = z.enum(['root', 'targets']);
const key = z.strictObject({
  keytype: z.enum(['ED25519', 'RSA']),
  keyval: z.strictObject({
    public: z.string().min(1).max(4096).meta({ description: 'ED25519: 64 hexadecimal digits; RSA: PEM (SPKI)' }),
  }),
});

export const requestKeyIdText = z
  .string()
  .regex(/^rks?_[0-9a-z]{26}$/, 'must be rks_ or rk_ and 26 characters')
  .meta({ example: 'rks_01j0000000000000000000000a', description: 'Of a set, or of a key in it' });

export const registerRequestKeysBodySchema = z
  .strictObject({
    name: z.string().min(1).max(63).meta({ description: 'Who asks with them: whoever calls', example: 'alice' }),
    keys: z
      .array(
        z.strictObject({
          role: role.meta({ description: 'Of the offline key in whose place fioctl is shown it' }),
          key,
          proof: z
            .strictObject({
              method: z.enum(['ed25519', 'rsassa-pss-sha256']),
              sig: z.string().min(1).max(8192).meta({ description: 'Base64' }),
            })
            .meta({ description: 'By the key, over the text that proves that it is held' }),
        }),
      )
      .min(1)
      .max(4),
  })
  .meta({ id: 'RequestKeyRegistration' });
export type RegisterRequestKeysBody = z.output<typeof registerRequestKeysBodySchema>;

export const requestKeyListSchema = z
  .object({
    items: z.array(
      z.object({
        id: z.string(),
        set: z.string().meta({ description: 'What was registered together, and is revoked together' }),
        name: z.string(),
        kind: z.enum(['person', 'ci']),
        polisId: z.string().meta({ description: 'The account in the Factory that it is bound to' }),
        factory: z.string(),
        role,
        key: z.object({ keytype: z.enum(['ED25519', 'RSA']), keyval: z.object({ public: z.string() }) }),
        keyid: z.string(),
        created: z.string(),
        revoked: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'RequestKeyList', description: 'Keys that say who asks with fioctl; no root ever names one' });
export type RequestKeyListWire = z.output<typeof requestKeyListSchema>;
