import { encodeCanonical, type Targets } from '../../tuf/index.js';
import { findEntry } from '../target-entry.js';

/** What a Factory publishes for a tag at the moment. */
interface PublishedForTag {
  readonly production: Targets | null;
  /** Of active Waves. */
  readonly waves: readonly { readonly name: string; readonly targets: Targets }[];
}

/** Where the very same Target is published at the moment, by its name. */
export type BundlePlaces = Readonly<
  Record<string, { readonly production: boolean; readonly waves: readonly string[] }>
>;

/**
 * Looks for the Targets of a bundle in what is published for its tag: one that was pruned, or whose Wave was cancelled, can
 * still be installed from a stick, and whoever approves it should know.
 *
 * @param beside the targets beside the bundle, which say what the names mean
 */
export function findPlaces(names: readonly string[], beside: Targets, published: PublishedForTag): BundlePlaces {
  const hasSame = (targets: Targets, name: string): boolean => {
    const [mine, theirs] = [findEntry(beside, name), findEntry(targets, name)];
    return mine !== null && theirs !== null && encodeCanonical(mine).equals(encodeCanonical(theirs));
  };
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        production: published.production !== null && hasSame(published.production, name),
        waves: published.waves.filter(({ targets }) => hasSame(targets, name)).map((wave) => wave.name),
      },
    ]),
  );
}
