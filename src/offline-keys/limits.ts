/** What an archive of offline keys may be at most. */
export interface ArchiveLimits {
  /** Of the file. */
  readonly maxCompressedBytes: number;
  /** Of everything in it together, headers included. */
  readonly maxUnpackedBytes: number;
  readonly maxEntryBytes: number;
  readonly maxEntries: number;
}

/** A key is about 3 kB; every rotation leaves two more small files in the archive. */
export const ARCHIVE_LIMITS: ArchiveLimits = {
  maxCompressedBytes: 2 * 1024 * 1024,
  maxUnpackedBytes: 8 * 1024 * 1024,
  maxEntryBytes: 1024 * 1024,
  maxEntries: 1000,
};
