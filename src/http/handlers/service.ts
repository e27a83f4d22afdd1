import type { Clock, ReadinessReport, SigningService } from '../../signing/index.js';
import type { Handlers } from '../call.js';
import type { Endings } from '../endings.js';

export interface ServiceHandlerDependencies {
  readonly signing: SigningService;
  readonly clock: Clock;
  readonly endings: Pick<Endings, 'ended'>;
  /** Makes the document; called once, when somebody wants it: it takes a tenth of the time in which a service starts. */
  readonly openapi: () => object;
}

type ServiceHandlers = Pick<Handlers, 'listKeys' | 'getPolicy' | 'listEvents' | 'health' | 'readiness' | 'openapi'>;

/** Strangers may ask as often as they like; the signer and the Factory are asked once in this time. */
const READINESS_KEPT_MS = 2000;

export function createServiceHandlers({
  signing,
  clock,
  endings,
  openapi,
}: ServiceHandlerDependencies): ServiceHandlers {
  let document: object | null = null;
  const readiness = keptFor(READINESS_KEPT_MS, clock, () => signing.readiness());
  return {
    async listKeys() {
      return { status: 200, json: { items: await signing.keys() } };
    },
    getPolicy() {
      const { policy, sha256, signatures } = signing.policy();
      return { status: 200, json: { version: policy.version, sha256, policy, signatures } };
    },
    async listEvents({ query: { after, limit } }) {
      const page = await signing.events({ limit, ...(after === undefined ? {} : { after }) });
      return { status: 200, json: page };
    },
    health: () => ({ status: 200, json: { status: 'ok' } }),
    async readiness() {
      const report = endings.ended ? STOPPING : await readiness();
      return { status: report.ready ? 200 : 503, json: report };
    },
    openapi() {
      document ??= openapi();
      return { status: 200, json: document };
    },
  };
}

const STOPPING = { ready: false, checks: [{ name: 'service', ok: false, message: 'the service is stopping' }] };

/** The last answer for a while, and one question at a time. */
function keptFor(keptMs: number, clock: Clock, ask: () => Promise<ReadinessReport>): () => Promise<ReadinessReport> {
  let pending: Promise<ReadinessReport> | null = null;
  let last: { report: ReadinessReport; atMs: number } | null = null;
  const askOnce = async (): Promise<ReadinessReport> => {
    try {
      const report = await ask();
      last = { report, atMs: clock.now().getTime() };
      return report;
    } finally {
      pending = null;
    }
  };
  return async () => {
    if (last !== null && Math.abs(clock.now().getTime() - last.atMs) < keptMs) return last.report;
    pending ??= askOnce();
    return pending;
  };
}
