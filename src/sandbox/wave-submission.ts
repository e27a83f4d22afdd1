import { z } from 'zod';
import { tagSchema, waveNameSchema } from '../factory/index.js';
import { encodeCanonical, parseTargets, type TargetsMetadata } from '../tuf/index.js';
import { parseBody, refuseUnless } from './parse-body.js';
import { Refusal } from './refusal.js';

const bodySchema = z.strictObject({
  name: waveNameSchema,
  version: z.string().regex(/^[1-9]\d{0,14}$/, 'a version is a whole number, as a string'),
  tag: tagSchema,
  targets: z.record(z.string(), z.unknown()),
});

/** Exactly what fioctl signs: it drops every other member of `signed` before it does. */
const SIGNED_MEMBERS = ['_type', 'expires', 'targets', 'version'];

/** The body of `POST …/waves/`, its form checked and nothing else. */
export interface WaveSubmission {
  readonly name: string;
  readonly version: number;
  readonly tag: string;
  readonly metadata: TargetsMetadata;
}

/** @throws Refusal 400 */
export function parseWaveSubmission(body: unknown): WaveSubmission {
  const { name, version, tag, targets } = parseBody(body, bodySchema);
  const metadata = refuseUnless('The Targets are not valid metadata', '/targets', () =>
    parseTargets(encodeCanonical(targets)),
  );
  const foreign = Object.keys(metadata.signed).filter((member) => !SIGNED_MEMBERS.includes(member));
  if (foreign.length > 0) {
    throw new Refusal(
      400,
      'The Targets have members that nobody knows',
      foreign.map((member) => `/targets/signed/${member}`),
    );
  }
  if (String(metadata.signed.version) !== version) {
    throw new Refusal(400, 'The version of the Wave is not that of its Targets', [
      `/version: ${version}, /targets/signed/version: ${metadata.signed.version}`,
    ]);
  }
  return { name, version: metadata.signed.version, tag, metadata };
}
