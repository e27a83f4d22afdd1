import type { IncomingMessage } from 'node:http';
import type { GatewayAnswer } from './answer.js';
import type { AskFactory } from './ask-factory.js';
import type { GatewayFactory } from './ports.js';

/** A call that the gateway answers itself. */
export interface GatewayCall {
  readonly factory: GatewayFactory;
  readonly req: IncomingMessage;
  /** GETs from the Factory as the caller. */
  readonly ask: AskFactory;
  /** The whole body. @throws BODY_TOO_LARGE, MEDIA_TYPE, INPUT_INVALID (it ended early) */
  body(): Promise<Buffer>;
  /** Aborts when the caller has gone or the gateway stops: nobody waits any more. */
  readonly signal: AbortSignal;
}

/** Answers one kind of intercepted call; what it throws is answered in the Factory's shape. */
export type Interception = (call: GatewayCall) => Promise<GatewayAnswer>;
