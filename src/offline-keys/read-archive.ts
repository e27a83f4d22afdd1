import { gunzipSync } from 'node:zlib';
import { extract, type EntryHeader } from 'tar-stream';
import { CountersignError } from '../errors.js';
import { safePath } from './archive-path.js';
import type { ArchiveLimits } from './limits.js';

/**
 * Unpacks a gzipped tar in memory, and nothing of it anywhere else.
 *
 * @returns the files by their paths, in their order; whoever asked overwrites the bytes after use
 * @throws OFFLINE_KEYS_INVALID not such an archive, cut short, or a path stands in it twice
 * @throws OFFLINE_KEYS_TOO_LARGE
 * @throws OFFLINE_KEYS_UNSAFE a path that leaves the archive, a link or a device
 */
export async function readArchive(tgz: Uint8Array, limits: ArchiveLimits): Promise<Map<string, Buffer>> {
  if (tgz.length > limits.maxCompressedBytes) throw tooLarge(`has ${tgz.length} bytes`);
  const tar = unzip(tgz, limits);
  try {
    return await unpack(tar, limits);
  } finally {
    tar.fill(0);
  }
}

function unzip(tgz: Uint8Array, { maxUnpackedBytes }: ArchiveLimits): Buffer {
  try {
    return gunzipSync(tgz, { maxOutputLength: maxUnpackedBytes });
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge(`unpacks to more than ${maxUnpackedBytes} bytes`);
    }
    throw new CountersignError('OFFLINE_KEYS_INVALID', 'the file is no gzip archive, or is cut short');
  }
}

async function unpack(tar: Buffer, limits: ArchiveLimits): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  let entries = 0;
  return await new Promise((resolve, reject) => {
    const archive = extract();
    const refuse = (error: CountersignError): void => {
      for (const bytes of files.values()) bytes.fill(0);
      reject(error);
      archive.destroy();
    };
    archive.on('entry', (header, content, next) => {
      entries += 1;
      const refusal = judge(header, entries, limits);
      if (refusal !== null) return refuse(refusal);
      const path = safePath(header.name);
      if (path === null) return refuse(unsafe('has a path that leads out of it'));
      if (header.type === 'directory') return drain();
      if (files.has(path)) {
        return refuse(new CountersignError('OFFLINE_KEYS_INVALID', `the archive has ${path} twice`));
      }
      const chunks: Buffer[] = [];
      content.on('data', (chunk: Buffer) => chunks.push(chunk));
      content.on('end', () => {
        files.set(path, Buffer.concat(chunks));
        next();
      });

      function drain(): void {
        content.on('end', next);
        content.resume();
      }
    });
    archive.on('error', () =>
      refuse(new CountersignError('OFFLINE_KEYS_INVALID', 'the archive is no tar file, or is cut short')),
    );
    archive.on('finish', () => resolve(files));
    archive.end(tar);
  });
}

/** Names of entries are not repeated in messages before they are known to be harmless. */
function judge({ type, size }: EntryHeader, entries: number, limits: ArchiveLimits): CountersignError | null {
  if (entries > limits.maxEntries) return tooLarge(`has more than ${limits.maxEntries} entries`);
  if (type !== 'file' && type !== 'directory') return unsafe('has a link, a device or something else that is no file');
  if (!Number.isSafeInteger(size ?? 0) || (size ?? 0) < 0) {
    return new CountersignError('OFFLINE_KEYS_INVALID', 'an entry of the archive has no length');
  }
  if ((size ?? 0) > limits.maxEntryBytes) return tooLarge(`has an entry of ${size ?? 0} bytes`);
  return null;
}

function tooLarge(what: string): CountersignError {
  return new CountersignError('OFFLINE_KEYS_TOO_LARGE', `the archive ${what}`, {
    hint: 'give the file that fioctl keeps your offline keys in; it is small',
  });
}

function unsafe(what: string): CountersignError {
  return new CountersignError('OFFLINE_KEYS_UNSAFE', `the archive ${what}`, {
    hint: 'fioctl never writes such a file; find out where it comes from before you use any key of it',
  });
}
