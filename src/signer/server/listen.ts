import { lstat, mkdir, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { chmodSync } from 'node:fs';
import { CountersignError } from '../../errors.js';

/** `sun_path` of Linux has 108 bytes, one of them for the end. */
const MAX_SOCKET_PATH_BYTES = 107;
const SOCKET_MODE = 0o660;
const DIRECTORY_MODE = 0o750;

/**
 * Makes a server listen on a Unix socket that its owner and group can open. The directory is made if it is missing; a socket that
 * a dead process left is replaced.
 *
 * @throws CONFIG_INVALID the path is too long, or something else stands there
 * @throws SIGNER_BUSY another process answers on this socket
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new CountersignError('CONFIG_INVALID', `the socket's path has more than ${MAX_SOCKET_PATH_BYTES} bytes`, {
      pointer: '/socket',
      details: { path },
    });
  }
  await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
  await removeStale(path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The socket comes into being while listen() runs, with the rights that the mask leaves: there is no moment in which others can open it.
    const before = process.umask(0o777 & ~SOCKET_MODE);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  }).catch((cause: unknown) => {
    throw new CountersignError('CONFIG_INVALID', `the signer cannot listen on ${path}`, {
      pointer: '/socket',
      hint: 'its directory has to be writable for the user that runs the signer',
      details: { path },
      cause,
    });
  });
  chmodSync(path, SOCKET_MODE);
}

async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) {
    throw new CountersignError('CONFIG_INVALID', `${path} exists and is no socket`, {
      pointer: '/socket',
      details: { path },
    });
  }
  if (await isAnswered(path)) {
    throw new CountersignError('SIGNER_BUSY', `another process answers on ${path}`, {
      hint: 'stop it first, or give this signer a socket of its own',
      details: { path },
    });
  }
  await unlink(path);
}

async function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
