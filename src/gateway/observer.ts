import type { ClassifiedCall } from './classify-call.js';

/** Told what happens, to be counted. Nothing in it names a person, a Wave or a path. */
export interface GatewayObserver {
  /** A call has ended. */
  onCall(report: CallReport): void;
  /** A Factory has begun to answer a call, or will not any more. */
  onUpstream(report: UpstreamReport): void;
  /** A call begins (1) or ceases (-1) to wait for officers. */
  onWait(change: 1 | -1): void;
}

export interface CallReport {
  /** What it was to the gateway; `refused` if it was none that goes through it, `health` if somebody asked whether it is there. */
  readonly call: 'refused' | 'health' | Exclude<ClassifiedCall['kind'], 'root-update'> | `root-update-${string}`;
  /** Class of the status (`2xx`), `waiting` for 423, `aborted` for a caller who went before the answer's end. */
  readonly outcome: string;
  readonly seconds: number;
}

export interface UpstreamReport {
  readonly factory: string;
  /** Class of the status; `none` without an answer. */
  readonly outcome: string;
  readonly seconds: number;
}

export const NO_OBSERVER: GatewayObserver = {
  onCall: () => undefined,
  onUpstream: () => undefined,
  onWait: () => undefined,
};

export function nameOfCall(call: ClassifiedCall): CallReport['call'] {
  return call.kind === 'root-update' ? `root-update-${call.operation}` : call.kind;
}
