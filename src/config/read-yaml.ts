import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { CountersignError } from '../errors.js';

/**
 * Reads a YAML file into a value of `schema`. Unknown members, duplicate members and YAML's own tags are
 * errors: a misspelt limit must never read as "no limit".
 *
 * @throws CONFIG_INVALID naming the file and the member.
 */
export function readYaml<T>(path: string, schema: z.ZodType<T>): T {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CountersignError('CONFIG_INVALID', `the configuration file ${path} cannot be read`, {
      hint: 'give the right path with --config; annotated examples are in config/',
      details: { path },
      cause,
    });
  }
  const document = parseDocument(text, { uniqueKeys: true, customTags: [], merge: false });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    throw new CountersignError('CONFIG_INVALID', `${path} is not valid YAML: ${problem.message.split('\n')[0] ?? ''}`, {
      details: { path },
    });
  }
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const pointer = `/${(issue?.path ?? []).map(String).join('/')}`;
  throw new CountersignError('CONFIG_INVALID', `${path}: ${pointer}: ${issue?.message ?? 'invalid'}`, {
    pointer,
    hint: 'compare with the annotated example in config/',
    details: { path },
  });
}

/** Paths in a configuration file are meant from that file's folder, not from wherever the program was started. */
export function resolveFrom(configPath: string, path: string): string {
  return isAbsolute(path) ? path : resolve(dirname(configPath), path);
}
