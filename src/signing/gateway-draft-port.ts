/**
 * A root update that somebody puts together with fioctl before it is asked for. To fioctl it is the Factory's transaction; the
 * Factory knows nothing of it.
 */
export interface GatewayDraft {
  readonly factory: string;
  /** The Factory's name for the account whose draft it is. */
  readonly polisId: string;
  /** Names this draft, and no later one of the same account. */
  readonly id: string;
  /** 1 when it is made, one more with each change. */
  readonly revision: number;
  /** What is in it, as JSON. */
  readonly text: string;
  /** When it was changed last; ISO 8601, UTC. */
  readonly at: string;
}

/** One draft an account and Factory. */
export interface GatewayDraftStore {
  find(factory: string, polisId: string): Promise<GatewayDraft | null>;
  /** False if the account has one in this Factory. */
  create(draft: GatewayDraft): Promise<boolean>;
  /** In place of the revision before. False if that is not what is there. */
  replace(draft: GatewayDraft): Promise<boolean>;
  /** False if there is none of this id. */
  remove(draft: Pick<GatewayDraft, 'factory' | 'polisId' | 'id'>): Promise<boolean>;
}
