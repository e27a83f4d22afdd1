import { z } from 'zod';
import { parseTime } from '../../tuf/index.js';
import { tagSchema } from '../names.js';

const MAX_TARGETS = 1000;

/** Printable ASCII without `< > &`, as everything in a signed document. */
const targetNameSchema = z.string().regex(/^[\x20-\x25\x27-\x3b\x3d\x3f-\x7e]{1,256}$/, 'is no name of a Target');

/** The one change that an offline bundle is: whole, since a bundle builds on no earlier one. */
export const bundleChangeSchema = z.strictObject({
  op: z.literal('bundle'),
  type: z.literal('prod'),
  tag: tagSchema,
  /** In the bundle's own order. */
  targets: z
    .array(targetNameSchema)
    .min(1)
    .max(MAX_TARGETS)
    .refine((names) => new Set(names).size === names.length, 'lists each Target once'),
  expires: z.string().refine((text) => parseTime(text) !== undefined, 'a time is written like 2027-11-22T16:26:20Z'),
  version: z.int().min(1),
});

export type BundleChange = z.infer<typeof bundleChangeSchema>;
