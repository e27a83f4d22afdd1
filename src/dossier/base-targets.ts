import { checkTargetsDocument, type TargetsDocument } from '../factory/index.js';
import { parseTargets, serializeMetadata, type Root, type RootMetadata, type TargetsMetadata } from '../tuf/index.js';
import { Recall } from './recall.js';
import { findEntryOfAnotherTag } from './require-base.js';

/** What a root update looks at of a targets document: it follows from the document, its tag and the production root in force alone. */
interface TargetsFacts {
  readonly version: number;
  readonly expires: string;
  readonly sha256: string;
  /** Keyids of the production root in force that have validly signed it. */
  readonly signedBy: readonly string[];
  /** Whether they are as many as devices want. */
  readonly isSignedByEnough: boolean;
  readonly isOfTag: boolean;
}

/** A targets document that a root update builds on. */
export interface BaseTargets extends TargetsFacts {
  readonly tag: string;
  /** Null for the tag's production targets. */
  readonly wave: string | null;
  /** Canonical bytes of `signed`. */
  readonly signedBytes: () => Buffer;
  /** All that it says; it may have to be parsed for that. */
  readonly metadata: () => TargetsMetadata;
}

/** What is kept of a text: a few hundred bytes, however long it is. */
interface TextFacts extends TargetsFacts {
  /** How long `signed` is, of a text that is canonical as it stands; there it ends before the last brace. */
  readonly signedLength: number | null;
}

/** The documents of the largest root update, twice. */
const MOST_TEXTS = 20_000;
const recall = new Recall<TextFacts>(MOST_TEXTS, () => 1);

/** @throws SIGNATURE_DUPLICATE_KEYID */
export function describeBaseTargets(document: TargetsDocument, production: Root): BaseTargets {
  const { tag, wave, metadata } = document;
  return {
    ...{ tag, wave, ...factsOf(tag, metadata, production) },
    signedBytes: () => metadata.signedBytes,
    metadata: () => metadata,
  };
}

/**
 * The same from the text as it stands in a dossier. What follows from it is remembered, since signer and service read the same
 * thousands of texts again and again; its values are not, they would fill the memory.
 *
 * @throws SIGNATURE_DUPLICATE_KEYID and what parseTargets throws
 */
export function readBaseTargets(
  { tag, wave, text }: Pick<BaseTargets, 'tag' | 'wave'> & { readonly text: string },
  production: RootMetadata,
): BaseTargets {
  const parse = (): TargetsMetadata => parseTargets(Buffer.from(text, 'utf8'));
  const { signedLength, ...facts } = recall.get([tag, text, production.sha256], () => {
    const metadata = parse();
    return { ...factsOf(tag, metadata, production.signed), signedLength: signedLengthIn(text, metadata) };
  });
  return {
    ...{ tag, wave, ...facts },
    // what is canonical is ASCII
    signedBytes: () =>
      signedLength === null ? parse().signedBytes : Buffer.from(text.slice(-1 - signedLength, -1), 'latin1'),
    metadata: parse,
  };
}

function factsOf(tag: string, metadata: TargetsMetadata, production: Root): TargetsFacts {
  const { version, expires } = metadata.signed;
  const { signed, missing } = checkTargetsDocument({ metadata }, { production });
  return {
    ...{ version, expires, sha256: metadata.sha256, signedBy: signed, isSignedByEnough: missing === 0 },
    isOfTag: findEntryOfAnotherTag(tag, metadata) === undefined,
  };
}

function signedLengthIn(text: string, metadata: TargetsMetadata): number | null {
  return serializeMetadata(metadata).equals(Buffer.from(text, 'utf8')) ? metadata.signedBytes.length : null;
}
