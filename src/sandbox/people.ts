import { createHash, randomBytes } from 'node:crypto';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { CountersignError } from '../errors.js';
import { timeAfter } from './clock.js';

const SCOPES = ['targets:read', 'targets:read-update', 'devices:read', 'devices:read-update'] as const;
export type Scope = (typeof SCOPES)[number];

const personSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9._-]{0,62}$/),
  role: z.enum(['owner', 'admin', 'member']).default('member'),
  token: z.string().regex(/^[\x21-\x7e]{8,512}$/),
  scopes: z.array(z.enum(SCOPES)).default(['targets:read-update', 'devices:read-update']),
  /** When the token stops working, `YYYY-MM-DDTHH:MM:SSZ`; null never. */
  expires: z.iso.datetime({ precision: 0 }).nullable().default(null),
});
const peopleSchema = z.array(personSchema).min(1).max(1000);

/** Someone who may call the sandbox: their token, what it allows and until when. */
export type SandboxPerson = z.output<typeof personSchema>;

/**
 * People from the text of a `--people` file: JSON or YAML, a list or `{people: [...]}`, each
 * `{name, role?, token, scopes?, expires?}`.
 *
 * @throws CONFIG_INVALID with a pointer; never with a token in the message
 */
export function parsePeople(text: string): SandboxPerson[] {
  let value: unknown;
  try {
    value = parseYaml(text, { maxAliasCount: 0 });
  } catch {
    throw new CountersignError('CONFIG_INVALID', 'the people file is neither JSON nor YAML'); // no cause: it quotes lines
  }
  const list = z.strictObject({ people: z.unknown() }).safeParse(value);
  const people = peopleSchema.safeParse(list.success ? list.data.people : value);
  if (!people.success) {
    const issue = people.error.issues[0];
    throw new CountersignError('CONFIG_INVALID', `the people file: ${issue?.message ?? 'not a list of people'}`, {
      pointer: (issue?.path ?? []).map((step) => `/${String(step)}`).join(''),
      hint: 'Each person is {name, role?, token, scopes?, expires?}.',
    });
  }
  refuseTwice(people.data, 'name');
  refuseTwice(people.data, 'token');
  return people.data;
}

function refuseTwice(people: readonly SandboxPerson[], member: 'name' | 'token'): void {
  if (new Set(people.map((person) => person[member])).size === people.length) return;
  throw new CountersignError('CONFIG_INVALID', `the people file has one ${member} twice`);
}

/** The people of a Factory that nobody described: an owner, an admin, one whose token has expired, one who may only read. */
export function builtInPeople(now: Date): SandboxPerson[] {
  const token = (): string => randomBytes(24).toString('base64url');
  const everything: Scope[] = ['targets:read-update', 'devices:read-update'];
  return [
    { name: 'alice', role: 'owner', token: token(), scopes: everything, expires: null },
    { name: 'bob', role: 'admin', token: token(), scopes: everything, expires: null },
    { name: 'carol', role: 'admin', token: token(), scopes: everything, expires: timeAfter(now, -1) },
    { name: 'dave', role: 'member', token: token(), scopes: ['targets:read', 'devices:read'], expires: null },
  ];
}

/** The opaque id that Foundries calls a person by: 24 hex digits, here made from the names so that it never changes. */
export function polisIdOf(factory: string, name: string): string {
  return createHash('sha256').update(`${factory}/${name}`).digest('hex').slice(0, 24);
}
