import { z } from 'zod';
import { bundleChangeSchema, tagSchema } from '../factory/index.js';
import { baseRootSchema, documentFacts, statementHead, versionedDigestSchema } from './statement-parts.js';

const bundleDocumentSchema = z.strictObject({
  role: z.literal('targets'),
  repository: z.literal('production'),
  tag: tagSchema,
  ...documentFacts,
});

export const bundleStatementSchema = z.strictObject({
  ...statementHead,
  kind: z.literal('bundle'),
  base: z.strictObject({
    root: baseRootSchema,
    /** Tells which key is the Factory's own. */
    ciTargets: versionedDigestSchema,
    /** The targets beside the bundle, production targets or those of a Wave, by the bundle's tag. */
    targets: z.record(tagSchema, versionedDigestSchema),
  }),
  changes: z.tuple([bundleChangeSchema]),
  keys: z.tuple([]),
  documents: z.tuple([bundleDocumentSchema]),
  /** Bundles have no order, so none takes the place of another. */
  supersedes: z.null(),
  upstream: z.null(),
});

export type BundleStatement = z.infer<typeof bundleStatementSchema>;
export type BundleStatementDocument = BundleStatement['documents'][0];
