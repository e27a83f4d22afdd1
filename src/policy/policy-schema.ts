import { z } from 'zod';
import { formatSshPublicKey, parseSshPublicKey, sha256Schema, timeSchema } from '../approval/index.js';
import { isCountersignError } from '../errors.js';
import { factoryNameSchema } from '../factory/index.js';
import { isFactoryUrl } from './service-url.js';

const MAX_OFFICERS = 100;
const MAX_KEYS_OF_ONE = 10;
const MAX_FACTORIES = 100;
const MAX_TOKENS = 16;
const MAX_EXPIRES_DAYS = 3650;
const MAX_LEAST_KEYS = 10;

/** A person's name in the policy: what approvals, requesters and sessions are bound to. */
export const personSchema = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{0,62}$/, 'must begin with a-z and hold a-z 0-9 . _ - only, 63 characters at most');

/** Ends the parse when it fails: the rules of the whole policy compare keys, and need them to be some. */
const keyLineSchema = z.string().superRefine((line, context) => {
  const problem = problemOfKeyLine(line);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem, continue: false });
});

function problemOfKeyLine(line: string): string | null {
  try {
    const written = formatSshPublicKey(parseSshPublicKey(line));
    return written === line ? null : 'must be "type base64 comment" with single blanks and no newline';
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    return error.message;
  }
}

const officerSchema = z.strictObject({
  person: personSchema,
  keys: z.array(keyLineSchema).min(1).max(MAX_KEYS_OF_ONE),
});

const kindMembers = {
  quorum: z.int().min(1).max(MAX_OFFICERS),
  maxExpiresDays: z.int().min(1).max(MAX_EXPIRES_DAYS),
  singleOfficer: z.boolean(),
};

function requireQuorum(
  { quorum, singleOfficer }: { quorum: number; singleOfficer: boolean },
  context: z.RefinementCtx,
): void {
  if (singleOfficer && quorum !== 1) {
    context.addIssue({ code: 'custom', path: ['quorum'], message: 'must be 1 where singleOfficer is true' });
  }
  if (!singleOfficer && quorum < 2) {
    context.addIssue({ code: 'custom', path: ['quorum'], message: 'must be 2 or more unless singleOfficer is true' });
  }
}

const kindSchema = z.strictObject(kindMembers).superRefine(requireQuorum);

const leastSchema = z.int().min(1).max(MAX_LEAST_KEYS).exactOptional();

const rootKindSchema = z
  .strictObject({
    ...kindMembers,
    /** How many offline keys each role has at least once an update is done; 1 unless given. */
    leastKeys: z.strictObject({ root: leastSchema, targets: leastSchema }).exactOptional(),
  })
  .superRefine(requireQuorum);

/** Labels fill 32 bytes and serial numbers 16 in CK_TOKEN_INFO (PKCS#11 section 3.2), blank padded. */
const tokenSchema = z.strictObject({
  label: z.string().regex(/^[!-~](?:[ -~]{0,30}[!-~])?$/, 'must be 1 to 32 printable ASCII characters'),
  serial: z
    .string()
    .regex(/^[!-~]{1,16}$/, 'must be 1 to 16 printable ASCII characters')
    .nullable(),
  roles: z
    .array(z.enum(['root', 'targets']))
    .min(1)
    .superRefine(unique((role) => role, 'role')),
});

const factorySchema = z.strictObject({
  name: factoryNameSchema,
  url: z
    .string()
    .max(2048)
    .refine(isFactoryUrl, 'must be an https URL (http only to loopback), plainly written, without credentials'),
  firstRoot: z.strictObject({ version: z.int().min(1), sha256: sha256Schema }),
  tokens: z
    .array(tokenSchema)
    .min(1, 'names at least one token: a signer signs with no other')
    .max(MAX_TOKENS)
    .superRefine(unique(({ label, serial }) => JSON.stringify([label, serial]), 'token')),
});

/** The `signed` member of policy.json. Members and their order are those of the canonical text. */
export const policySchema = z
  .strictObject({
    _type: z.literal('countersign/policy'),
    created: timeSchema,
    factories: z
      .array(factorySchema)
      .min(1)
      .max(MAX_FACTORIES)
      .superRefine(unique(({ name }) => name, 'name', ['name'])),
    kinds: z.strictObject({
      bundle: kindSchema.exactOptional(),
      policy: kindSchema,
      root: rootKindSchema.exactOptional(),
      wave: kindSchema,
    }),
    officers: z
      .array(officerSchema)
      .min(1)
      .max(MAX_OFFICERS)
      .superRefine(unique(({ person }) => person, 'person', ['person'])),
    previous: sha256Schema.nullable(),
    spec: z.literal(1),
    version: z.int().min(1),
  })
  .superRefine((policy, context) => {
    refuseSharedKeys(policy.officers, context);
    for (const [kind, rules] of Object.entries(policy.kinds)) {
      if (rules.quorum <= policy.officers.length) continue;
      const message = `cannot be reached: the policy has ${policy.officers.length} officers`;
      context.addIssue({ code: 'custom', path: ['kinds', kind, 'quorum'], message });
    }
    if ((policy.version === 1) !== (policy.previous === null)) {
      const message = 'must be null in version 1 and the digest of the version before in all others';
      context.addIssue({ code: 'custom', path: ['previous'], message });
    }
  });

export type Policy = z.infer<typeof policySchema>;
export type PolicyOfficer = Policy['officers'][number];
export type PolicyFactory = Policy['factories'][number];
export type PolicyKind = keyof Policy['kinds'];
export type KindRules = Policy['kinds']['wave'];

/** Persons are counted, so one key in two names would let one person count twice. Comments do not tell keys apart. */
function refuseSharedKeys(officers: readonly PolicyOfficer[], context: z.RefinementCtx): void {
  const seen = new Map<string, string>();
  officers.forEach(({ person, keys }, officer) => {
    keys.forEach((line, key) => {
      const { fingerprint } = parseSshPublicKey(line);
      const owner = seen.get(fingerprint);
      if (owner !== undefined) {
        const message = `is the key ${fingerprint}, which ${owner} has already; a key belongs to one person, once`;
        context.addIssue({ code: 'custom', path: ['officers', officer, 'keys', key], message });
      }
      seen.set(fingerprint, person);
    });
  });
}

/** A check that no two items of a list have the same identity; `member` is where the pointer goes inside the item. */
function unique<T>(identity: (item: T) => string, what: string, member: string[] = []) {
  return (items: readonly T[], context: z.RefinementCtx): void => {
    const seen = new Set<string>();
    items.forEach((item, index) => {
      const id = identity(item);
      if (seen.has(id)) context.addIssue({ code: 'custom', path: [index, ...member], message: `repeats a ${what}` });
      seen.add(id);
    });
  };
}
