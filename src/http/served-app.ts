import type { RequestListener } from 'node:http';
import type { DescribeBroken } from './broken-requests.js';

/** What a server runs. */
export interface ServedApp {
  readonly listener: RequestListener;
  /** Answers all requests that wait for something; called when the server begins to stop. */
  readonly endWaits: () => void;
  /** The answer to what is so broken that it never becomes a request; a problem if left out. */
  readonly describeBroken?: DescribeBroken;
}
