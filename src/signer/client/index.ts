/** A front door of its own: what only calls the signer loads no PKCS#11. */
export { createSignerClient, type SignerClient, type SignerClientOptions } from './create-signer-client.js';
export type {
  CanaryReport,
  Progress,
  ProvedKey,
  ProveRequest,
  Published,
  PublishedResult,
  PublishedRoots,
  PublishedRootsResult,
  SignerKey,
  SignerKeys,
  SignerStatus,
  SignResult,
  StatementJournal,
  Unlocked,
  Veto,
  VetoResult,
} from '../protocol.js';
