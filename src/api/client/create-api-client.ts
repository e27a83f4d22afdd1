import { CountersignError } from '../../errors.js';
import { BUNDLE_OPERATIONS } from '../bundle-operations.js';
import { OPERATIONS } from '../operations.js';
import { REQUEST_KEY_OPERATIONS } from '../request-key-operations.js';
import { ROOT_OPERATIONS } from '../root-operations.js';
import type { BundleSubmissionBody } from '../schemas/bundles.js';
import { challengeSchema, sessionSchema, type ChallengeWire, type SessionWire } from '../schemas/login.js';
import {
  diffSchema,
  requestListSchema,
  requestViewSchema,
  submissionSchema,
  type RequestDiff,
  type RequestListWire,
  type RequestView,
  type SubmissionWire,
} from '../schemas/requests.js';
import {
  requestKeyListSchema,
  type RegisterRequestKeysBody,
  type RequestKeyListWire,
} from '../schemas/request-keys.js';
import {
  eventListSchema,
  keyListSchema,
  policyViewSchema,
  readinessSchema,
  type EventListWire,
  type KeyListWire,
  type PolicyWire,
  type ReadinessWire,
} from '../schemas/service.js';
import {
  rootChainsSchema,
  rootTransactionSchema,
  type ExternalSignaturesBody,
  type ImportedSignaturesBody,
  type RootChainsWire,
  type RootTransactionWire,
  type RootUpdateIntentionBody,
} from '../schemas/root-updates.js';
import type { WaveIntentionBody } from '../schemas/waves.js';
import { HEADERS, LONGEST_WAIT_PER_CALL_SECONDS, MEDIA_TYPES } from '../wire.js';
import {
  createCallService,
  readJson,
  readLines,
  readText,
  requireWord,
  type ApiClientOptions,
} from './call-service.js';

/** The unsigned targets metadata as text: it is sent as it is, so that its bytes are judged and not a rewriting of them. */
export interface WaveDocumentBody {
  readonly name: string;
  readonly tag: string;
  readonly reason: string;
  readonly version?: number;
  readonly dryRun?: boolean;
  readonly targets: string;
}

export type WaveRequestBody = WaveIntentionBody | WaveDocumentBody;

/** The unsigned roots as text; see WaveDocumentBody. */
export interface RootUpdateDocumentsBody {
  readonly reason: string;
  readonly dryRun?: boolean;
  readonly ci: string;
  readonly production: string;
}

export type RootUpdateBody = RootUpdateIntentionBody | RootUpdateDocumentsBody;

export interface RequestListFilter {
  readonly state?: string;
  readonly factory?: string;
  readonly tag?: string;
  readonly waitingFor?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** Every method throws what the service answered, SERVICE_UNAVAILABLE or SERVICE_ANSWER_INVALID. */
export interface ApiClient {
  submitWave(factory: string, body: WaveRequestBody, more?: { idempotencyKey?: string }): Promise<SubmissionWire>;
  submitRootUpdate(factory: string, body: RootUpdateBody, more?: { idempotencyKey?: string }): Promise<SubmissionWire>;
  submitBundle(factory: string, body: BundleSubmissionBody): Promise<SubmissionWire>;
  addExternalSignatures(id: string, body: ExternalSignaturesBody): Promise<RequestView>;
  /** What another signer has signed. */
  importSignatures(id: string, body: ImportedSignaturesBody): Promise<RequestView>;
  /** As the service verified them. */
  roots(factory: string): Promise<RootChainsWire>;
  rootTransaction(factory: string): Promise<RootTransactionWire>;
  /** @param factoryToken the caller's own for the Factory; it says whose keys they are */
  registerRequestKeys(
    factory: string,
    body: RegisterRequestKeysBody,
    factoryToken: string,
  ): Promise<RequestKeyListWire>;
  requestKeys(factory: string): Promise<RequestKeyListWire>;
  /** @param id of a set, or of a key in it */
  revokeRequestKeys(id: string): Promise<RequestKeyListWire>;
  requests(filter?: RequestListFilter): Promise<RequestListWire>;
  /** `waitSeconds`: answered when the request has come to its end, or after that time; a minute at most. */
  request(id: string, more?: { waitSeconds?: number }): Promise<RequestView>;
  /** The exact text. */
  statement(id: string): Promise<string>;
  /** Lines with their line breaks, as they come. */
  dossier(id: string): AsyncIterable<string>;
  /** The dossier with the signer's journal about it; lines as of `dossier`. */
  evidence(id: string): AsyncIterable<string>;
  diff(id: string): Promise<RequestDiff>;
  diffText(id: string): Promise<string>;
  /** The exact text of the signed metadata. `waitSeconds`: answered as soon as it is signed. */
  signed(id: string, more?: { waitSeconds?: number }): Promise<string>;
  approve(id: string, approval: { sshsig: string }): Promise<RequestView>;
  reject(id: string, rejection: { rejection: string; sshsig: string }): Promise<RequestView>;
  cancel(id: string, cancellation?: { reason?: string }): Promise<RequestView>;
  keys(): Promise<KeyListWire>;
  policy(): Promise<PolicyWire>;
  events(page?: { after?: number; limit?: number }): Promise<EventListWire>;
  loginChallenge(question: { publicKey: string }): Promise<ChallengeWire>;
  login(answer: { challenge: string; sshsig: string }): Promise<SessionWire>;
  logout(): Promise<void>;
  /** Not an error when the service says that it is not ready. */
  readiness(): Promise<ReadinessWire>;
}

export function createApiClient(options: ApiClientOptions): ApiClient {
  const call = createCallService(options);
  const get = (path: string, more: { accept?: string; waitSeconds?: number } = {}): Promise<Response> =>
    call({
      method: 'GET',
      path,
      headers: { Accept: more.accept ?? MEDIA_TYPES.json },
      ...(more.waitSeconds === undefined ? {} : { waitSeconds: more.waitSeconds }),
    });
  const post = (path: string, body: unknown): Promise<Response> =>
    call({ method: 'POST', path, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const at = (path: string, id: string): string => path.replace('{id}', encodeURIComponent(id));
  const ofFactory = (path: string, factory: string): string => path.replace('{factory}', encodeURIComponent(factory));
  const { submitWave, listRequests, listEvents } = OPERATIONS;

  return {
    async submitWave(factory, body, { idempotencyKey } = {}) {
      const answer = await call({
        method: 'POST',
        path: ofFactory(submitWave.path, factory),
        headers: idempotencyKey === undefined ? {} : { [HEADERS.idempotencyKey]: idempotencyKey },
        body: submissionText(body, ['targets']),
      });
      return readJson(answer, submissionSchema);
    },
    async submitRootUpdate(factory, body, { idempotencyKey } = {}) {
      const answer = await call({
        method: 'POST',
        path: ofFactory(ROOT_OPERATIONS.submitRootUpdate.path, factory),
        longWork: true,
        headers: idempotencyKey === undefined ? {} : { [HEADERS.idempotencyKey]: idempotencyKey },
        body: submissionText(body, ['ci', 'production']),
      });
      return readJson(answer, submissionSchema);
    },
    submitBundle: async (factory, body) =>
      readJson(await post(ofFactory(BUNDLE_OPERATIONS.submitBundle.path, factory), body), submissionSchema),
    addExternalSignatures: async (id, body) =>
      readJson(await post(at(ROOT_OPERATIONS.addExternalSignatures.path, id), body), requestViewSchema),
    importSignatures: async (id, body) => {
      const path = at(ROOT_OPERATIONS.importSignatures.path, id);
      const answer = await call({ method: 'POST', path, longWork: true, body: JSON.stringify(body) });
      return readJson(answer, requestViewSchema);
    },
    roots: async (factory) => readJson(await get(ofFactory(ROOT_OPERATIONS.getRoots.path, factory)), rootChainsSchema),
    rootTransaction: async (factory) =>
      readJson(await get(ofFactory(ROOT_OPERATIONS.getRootTransaction.path, factory)), rootTransactionSchema),
    async registerRequestKeys(factory, body, factoryToken) {
      requireWord(factoryToken, 'the token for the Factory');
      const answer = await call({
        method: 'POST',
        path: ofFactory(REQUEST_KEY_OPERATIONS.registerRequestKeys.path, factory),
        headers: { [HEADERS.factoryToken]: factoryToken },
        body: JSON.stringify(body),
      });
      return readJson(answer, requestKeyListSchema);
    },
    requestKeys: async (factory) =>
      readJson(await get(ofFactory(REQUEST_KEY_OPERATIONS.listRequestKeys.path, factory)), requestKeyListSchema),
    revokeRequestKeys: async (id) =>
      readJson(await post(at(REQUEST_KEY_OPERATIONS.revokeRequestKeys.path, id), undefined), requestKeyListSchema),
    requests: async (filter = {}) => readJson(await get(withQuery(listRequests.path, filter)), requestListSchema),
    request: async (id, more) =>
      readJson(await get(at(OPERATIONS.getRequest.path, id), boundedWait(more)), requestViewSchema),
    statement: async (id) => readText(await get(at(OPERATIONS.getStatement.path, id))),
    async *dossier(id) {
      yield* readLines(await get(at(OPERATIONS.getDossier.path, id), { accept: MEDIA_TYPES.dossier }));
    },
    async *evidence(id) {
      yield* readLines(await get(at(OPERATIONS.getEvidence.path, id), { accept: MEDIA_TYPES.dossier }));
    },
    diff: async (id) => readJson(await get(at(OPERATIONS.getDiff.path, id)), diffSchema),
    diffText: async (id) => readText(await get(at(OPERATIONS.getDiff.path, id), { accept: MEDIA_TYPES.text })),
    signed: async (id, more) => readText(await get(at(OPERATIONS.getSigned.path, id), boundedWait(more))),
    approve: async (id, { sshsig }) =>
      readJson(await post(at(OPERATIONS.approve.path, id), { sshsig }), requestViewSchema),
    reject: async (id, { rejection, sshsig }) =>
      readJson(await post(at(OPERATIONS.reject.path, id), { rejection, sshsig }), requestViewSchema),
    cancel: async (id, cancellation = {}) =>
      readJson(await post(at(OPERATIONS.cancel.path, id), cancellation), requestViewSchema),
    keys: async () => readJson(await get(OPERATIONS.listKeys.path), keyListSchema),
    policy: async () => readJson(await get(OPERATIONS.getPolicy.path), policyViewSchema),
    events: async (page = {}) => readJson(await get(withQuery(listEvents.path, page)), eventListSchema),
    loginChallenge: async (question) =>
      readJson(await post(OPERATIONS.createChallenge.path, question), challengeSchema),
    login: async (answer) => readJson(await post(OPERATIONS.login.path, answer), sessionSchema),
    async logout() {
      await post(OPERATIONS.logout.path, undefined);
    },
    async readiness() {
      const answer = await call({ method: 'GET', path: OPERATIONS.readiness.path, acceptsNotReady: true });
      return readJson(answer, readinessSchema);
    },
  };
}

/** The JSON of a submission; the text of a document stands in it untouched. @throws JSON_INVALID */
function submissionText(body: WaveRequestBody | RootUpdateBody, documents: readonly string[]): string {
  const members = Object.entries(body).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined) return [];
    const isDocument = documents.includes(name) && typeof value === 'string';
    return [`${JSON.stringify(name)}:${isDocument ? requireJson(value, name) : JSON.stringify(value)}`];
  });
  return `{${members.join(',')}}`;
}

function requireJson(text: string, name: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch (cause) {
    throw new CountersignError('JSON_INVALID', `the document '${name}' is not JSON`, { cause });
  }
}

function withQuery(path: string, query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

function boundedWait({ waitSeconds }: { waitSeconds?: number } = {}): { waitSeconds?: number } {
  if (waitSeconds === undefined) return {};
  return { waitSeconds: Math.max(0, Math.min(Math.ceil(waitSeconds), LONGEST_WAIT_PER_CALL_SECONDS)) };
}
