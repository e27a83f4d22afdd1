import { z } from 'zod';
import { tagSchema, waveChangeSchema, waveNameSchema } from '../factory/index.js';
import {
  baseRootSchema,
  documentFacts,
  statementHead,
  supersedesSchema,
  versionedDigestSchema,
} from './statement-parts.js';

const MAX_SUPERSEDED_DOCUMENTS = 64;

const waveDocumentSchema = z.strictObject({
  role: z.literal('targets'),
  repository: z.literal('production'),
  tag: tagSchema,
  wave: waveNameSchema,
  ...documentFacts,
});

export const waveStatementSchema = z.strictObject({
  ...statementHead,
  kind: z.literal('wave'),
  base: z.strictObject({
    root: baseRootSchema,
    ciTargets: versionedDigestSchema,
    targets: z.record(tagSchema, versionedDigestSchema.nullable()),
  }),
  changes: z.array(waveChangeSchema).min(2),
  keys: z.tuple([]),
  documents: z.tuple([waveDocumentSchema]),
  supersedes: supersedesSchema(MAX_SUPERSEDED_DOCUMENTS),
  upstream: z.null(),
});

export type WaveStatement = z.infer<typeof waveStatementSchema>;
export type WaveStatementDocument = WaveStatement['documents'][0];
