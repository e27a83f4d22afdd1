import type { ServerResponse } from 'node:http';

/** What an intercepted call is answered with. A `Buffer` is sent as it is, anything else as JSON. */
export interface GatewayAnswer {
  readonly status: number;
  readonly body: object;
  /** Instead of `application/json`. */
  readonly mediaType?: string;
}

/**
 * An answer of the Factory that ends what the gateway was about (401, 403, 404, …) and is handed on word by word. Thrown
 * by whoever asked the Factory.
 */
export class PassedOn extends Error {
  override readonly name: string = 'PassedOn';
  readonly answer: GatewayAnswer;

  constructor(answer: GatewayAnswer) {
    super(`the Factory answered ${answer.status}`);
    this.answer = answer;
  }
}

/** Sends an answer that was made here: it depends on the caller and on the moment, so nobody keeps it. */
export function sendAnswer(res: ServerResponse, { status, body, mediaType = 'application/json' }: GatewayAnswer): void {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  res.writeHead(status, {
    'Content-Type': mediaType,
    'Content-Length': bytes.length,
    'Cache-Control': 'no-store',
  });
  res.end(bytes);
}
