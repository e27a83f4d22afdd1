/** Values that fit a schema, so that a route is fuzzed near its own grammar without anybody writing that down again. */
import fc from 'fast-check';
import { z } from 'zod';
import type { JsonValue } from '../../src/tuf/index.js';

type JsonSchema = z.core.JSONSchema.BaseSchema;

export function valuesOf(schema: z.ZodType): fc.Arbitrary<JsonValue> {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return ofSchema(json, json.$defs ?? {});
}

function ofSchema(schema: JsonSchema, defs: Readonly<Record<string, JsonSchema>>): fc.Arbitrary<JsonValue> {
  const arbitrary = withoutExample(schema, defs);
  const { example } = schema;
  return example === undefined
    ? arbitrary
    : fc.oneof({ weight: 3, arbitrary: fc.constant(example as JsonValue) }, arbitrary);
}

function withoutExample(schema: JsonSchema, defs: Readonly<Record<string, JsonSchema>>): fc.Arbitrary<JsonValue> {
  const of = (inner: JsonSchema | boolean): fc.Arbitrary<JsonValue> =>
    ofSchema(inner === true ? {} : inner || {}, defs);
  if (schema.$ref !== undefined) return of(defs[schema.$ref.replace(/^.*\//, '')] ?? {});
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(of));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...(schema.enum as JsonValue[]));
  switch (schema.type) {
    case 'object':
      return fc.record(
        Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, of(inner)])),
        { requiredKeys: schema.required ?? [] },
      );
    case 'array':
      return fc.array(of((schema.items as JsonSchema | undefined) ?? {}), { maxLength: 4 });
    case 'integer':
    case 'number':
      return fc.integer({ min: Math.max(schema.minimum ?? 0, -(2 ** 31)), max: Math.min(schema.maximum ?? 50, 50) });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'string':
      return textOf(schema);
    case undefined:
    default:
      return fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue>;
  }
}

function textOf({ pattern, minLength = 0, maxLength = 40 }: JsonSchema): fc.Arbitrary<string> {
  if (pattern !== undefined) {
    try {
      return fc.stringMatching(new RegExp(pattern, 'u'));
    } catch {
      // a pattern with Unicode properties, which fast-check does not make texts of
    }
  }
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, Math.min(maxLength, 40)) });
}
