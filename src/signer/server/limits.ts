import { DEFAULT_DOSSIER_LIMITS, type DossierLimits } from '../../dossier/index.js';

/** What the signer takes from one request. */
export interface SignerLimits {
  readonly dossier: DossierLimits;
  /** Bodies that hold one published targets document and root chains. */
  readonly maxPublishedBytes: number;
  readonly maxVetoBytes: number;
  /** Bodies that hold nothing but names. */
  readonly maxSmallBytes: number;
  /** A body of which nothing came for so long is given up, and a head that is not there by then. */
  readonly silenceMs: number;
}

export const DEFAULT_SIGNER_LIMITS: SignerLimits = {
  dossier: DEFAULT_DOSSIER_LIMITS,
  maxPublishedBytes: 256 * 1024 * 1024,
  maxVetoBytes: 16 * 1024 * 1024,
  maxSmallBytes: 64 * 1024,
  silenceMs: 120_000,
};
