import { gzipSync } from 'node:zlib';

const BLOCK = 512;

export interface TarEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  /** POSIX typeflag: `0` file, `2` symbolic link, `3` device, `5` directory. */
  readonly type?: string;
  readonly linkname?: string;
  /** What the header says, if not the length of the content. */
  readonly size?: number;
}

/** A gzipped tar as fioctl writes its archive of offline keys: flat entries of mode 0. Other entries are for tests. */
export function writeTgz(entries: readonly TarEntry[]): Buffer {
  return gzipSync(writeTar(entries));
}

export function writeTar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(2 * BLOCK)]);
}

function blocksOf({ name, content = '', type = '0', linkname = '', size }: TarEntry): Buffer[] {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100, 'latin1');
  header.write(octal(0, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(size ?? bytes.length, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(type, 156);
  header.write(linkname, 157, 100, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return [header, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, '0')}\0`;
}
