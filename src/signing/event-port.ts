export const EVENT_TYPES = [
  'asked',
  'opened',
  'read',
  'approved',
  'rejected',
  'cancelled',
  'vetoed',
  'signed',
  'delivered',
  'published',
  'closed',
  'abandoned',
  'transaction-begun',
  'transaction-ended',
  'external-signature',
  'signatures-imported',
  'rebuilt',
  'request-key-created',
  'request-key-revoked',
  'request-key-staged',
  'token-created',
  'token-revoked',
  'login',
  'logout',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export interface NewEvent {
  readonly at: string;
  /** A person, the name of a CI token, or `service` for what it did by itself. */
  readonly actor: string;
  readonly type: EventType;
  readonly request: string | null;
  readonly details: Readonly<Record<string, string | number | null | readonly string[]>>;
  /** Given, the event is written only if none with this text was before. */
  readonly once?: string;
}

export interface StoredEvent {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly type: EventType;
  readonly request: string | null;
  /** Canonical text (RFC 8785) of an object. */
  readonly details: string;
  readonly prev: string;
  readonly hash: string;
}

export interface EventStore {
  append(event: NewEvent): Promise<void>;
  list(page: { after: number; limit: number }): Promise<StoredEvent[]>;
  /** The newest event of a type about a request. */
  last(type: string): Promise<StoredEvent | null>;
  /** Walks the whole chain. @throws EVENT_LOG_DAMAGED naming the first event that does not hold */
  verify(): Promise<{ count: number; hash: string }>;
}
