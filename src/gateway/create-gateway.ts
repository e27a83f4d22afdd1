import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { CountersignError } from '../errors.js';
import type { Clock, GatewayDraftStore } from '../signing/index.js';
import { describeError, withRequestId, type Logger } from '../telemetry/index.js';
import { PassedOn, sendAnswer } from './answer.js';
import { askAs } from './ask-factory.js';
import { classifyCall } from './classify-call.js';
import { toFactoryError } from './factory-error.js';
import { createInterceptions } from './interceptions.js';
import { isRead } from './is-read.js';
import { nameOfCall, NO_OBSERVER, type CallReport, type GatewayObserver } from './observer.js';
import type { GatewayFactory, GatewayLimits } from './ports.js';
import { proxyCall } from './proxy-call.js';
import { readBody } from './read-body.js';
import { reportWhenEnded } from './report-call.js';
import type { RootUpdateSigning } from './root-update/deps.js';
import { createUpstream } from './upstream.js';

/** Outside of everything that a Factory serves; fioctl never asks for it. */
const HEALTH_PATH = '/healthz';

export interface GatewayDependencies {
  /** Those that are served, by name. */
  readonly factories: ReadonlyMap<string, GatewayFactory>;
  readonly signing: RootUpdateSigning;
  readonly drafts: GatewayDraftStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: GatewayLimits;
  readonly observer?: GatewayObserver;
}

export interface Gateway {
  readonly listener: RequestListener;
  /** Answers all calls that wait for people; called when the service begins to stop. */
  readonly endWaits: () => void;
  /** The answer to bytes that are no request, in the shape of all other errors. */
  readonly describeBroken: (error: CountersignError) => { readonly mediaType: string; readonly body: object };
  /** Ends the connections to the Factories. */
  readonly close: () => void;
}

/** What an unmodified fioctl calls in its Factory's place: passes on what is not about signing, and answers the rest itself. */
export function createGateway(deps: GatewayDependencies): Gateway {
  const { factories, signing, drafts, clock, logger, limits, observer = NO_OBSERVER } = deps;
  const upstream = createUpstream(observer);
  const way = { upstream, silenceMs: limits.silenceMs };
  const waiting = new Set<AbortController>();
  const interceptionOf = createInterceptions({
    ...{ signing, drafts, clock, observer },
    maxWaitSeconds: limits.maxWaitSeconds,
  });

  const answer = async (
    req: IncomingMessage,
    res: ServerResponse,
    isKnownAs: (call: CallReport['call']) => void,
  ): Promise<void> => {
    if (isRead(req.method ?? '') && req.url === HEALTH_PATH) {
      isKnownAs('health');
      sendAnswer(res, { status: 200, body: { status: 'ok' } });
      return;
    }
    const classified = classifyCall(req.method ?? '', req.url ?? '', (name) => factories.has(name));
    isKnownAs(nameOfCall(classified));
    const factory = factories.get(classified.factory);
    if (factory === undefined) throw new TypeError('a call was classified for a Factory that is not served');
    const intercept = interceptionOf(classified);
    if (intercept === null) return proxyCall(req, res, factory, way);
    const [gone, over] = [new AbortController(), new AbortController()];
    waiting.add(over);
    res.once('close', () => {
      waiting.delete(over);
      gone.abort();
      over.abort();
    });
    const given = await intercept({
      ...{ factory, req },
      ask: askAs(req, gone.signal, factory, way),
      body: () => readBody(req, limits.maxBodyBytes),
      signal: over.signal,
    });
    sendAnswer(res, given);
  };

  return {
    listener: (req, res) => {
      withRequestId(randomUUID(), () => {
        const isKnownAs = reportWhenEnded(req, res, { logger, observer });
        answer(req, res, isKnownAs).catch((error: unknown) => {
          answerError(logger, res, error);
        });
      });
    },
    endWaits: () => {
      for (const over of waiting) over.abort();
    },
    describeBroken: (error) => ({ mediaType: 'application/json', body: toFactoryError(error).body }),
    close: () => upstream.close(),
  };
}

function answerError(logger: Logger, res: ServerResponse, error: unknown): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  if (error instanceof PassedOn) {
    sendAnswer(res, error.answer);
    return;
  }
  const given = toFactoryError(error);
  if (given.status >= 500) logger.error('a call through the gateway failed', { error: describeError(error) });
  sendAnswer(res, given);
}
