import assert from 'node:assert/strict';
import { connect, type NetConnectOpts } from 'node:net';

/** What came back until the other side closed. Several answers, or none, are possible when the bytes were no request. */
export async function exchange(to: NetConnectOpts, bytes: Buffer, options: { halfClose: boolean }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(to);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // a connection that is cut is an answer too; that the server lives is asked afterwards
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    if (options.halfClose) socket.end(bytes);
    else socket.write(bytes);
  });
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The answer to a request in its right form; there must be one. */
export function answerOf(raw: string): HttpAnswer {
  const afterContinue = raw.replace(/^HTTP\/1\.1 1\d\d .*\r\n\r\n/, '');
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(afterContinue) ?? [];
  assert.ok(status !== undefined, `no answer: ${JSON.stringify(raw.slice(0, 200))}`);
  const end = afterContinue.indexOf('\r\n\r\n');
  const [, contentType = ''] = /\r\ncontent-type: ([^\r;]*)/i.exec(afterContinue.slice(0, end + 2)) ?? [];
  return {
    status: Number(status),
    contentType,
    body: Buffer.from(afterContinue.slice(end + 4), 'latin1').toString('utf8'),
  };
}
