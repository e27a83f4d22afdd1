import { z } from 'zod';

const errorsSchema = z.union([z.array(z.unknown()), z.record(z.string(), z.union([z.string(), z.array(z.unknown())]))]);

const MAX_TEXT = 500;
const MAX_ERRORS = 20;

/** What a Factory says in an error answer: `{msg|message, errors?: [text] | {field: text}}`. */
export interface FactoryText {
  readonly message: string | null;
  readonly errors: readonly string[];
}

/**
 * Reads the Factory's own words from the body of an error answer. A body of another form has none: this never fails,
 * because the status alone is an error already. Control characters become blanks (the text ends on terminals), long
 * texts are cut, and secrets are blanked out should somebody have echoed them.
 */
export function factoryText(body: Buffer, secrets: readonly string[]): FactoryText {
  const value = parseJson(body);
  if (typeof value !== 'object' || value === null) return { message: null, errors: [] };
  const member = 'msg' in value ? value.msg : 'message' in value ? value.message : undefined;
  const message = typeof member === 'string' && member !== '' ? clean(member, secrets) : null;
  const errors = 'errors' in value ? listErrors(value.errors) : [];
  return { message, errors: errors.slice(0, MAX_ERRORS).map((text) => clean(text, secrets)) };
}

/** `text` without the secrets in it. */
export function redactSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, '[redacted]')), text);
}

function listErrors(value: unknown): string[] {
  const parsed = errorsSchema.safeParse(value);
  if (!parsed.success) return [];
  if (Array.isArray(parsed.data)) return parsed.data.filter((item) => typeof item === 'string');
  return Object.entries(parsed.data).flatMap(([field, texts]) =>
    [texts].flat().flatMap((text) => (typeof text === 'string' ? [`${field}: ${text}`] : [])),
  );
}

function clean(text: string, secrets: readonly string[]): string {
  const plain = redactSecrets(text, secrets)
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]+/gu, ' ')
    .trim();
  return plain.length > MAX_TEXT ? `${plain.slice(0, MAX_TEXT)}...` : plain;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return null; // an error page; the status line says enough
  }
}
