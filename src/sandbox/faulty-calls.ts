import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { sendRefusal } from './answers.js';
import type { Fault } from './fault.js';
import type { FaultList, SetFault } from './fault-list.js';
import { lieAbout } from './lies.js';
import type { SandboxState } from './state.js';
import type { StateStore } from './state-store.js';

/**
 * The API with the faults of the list happening to its calls.
 *
 * @param api the API over a state, which may be another one than there is
 */
export function faultyCalls(faults: FaultList, store: StateStore, api: (store: StateStore) => RequestHandler) {
  const right = api(store);
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const due = faults.take(request.method, request.originalUrl);
    await passTime(due, response);
    if (response.destroyed) return;
    const early = due.find(({ fault }) => isAt(fault, 'before'));
    if (early !== undefined) {
      fail(early.fault, response);
      return;
    }
    const late = due.find(({ fault }) => isAt(fault, 'after'));
    if (late !== undefined) replaceAnswer(response, () => fail(late.fault, response));
    for (const { fault } of due) if (fault.kind === 'applying') response.locals['readsUntilApplied'] = fault.reads;
    const views = due.filter(({ fault }) => fault.kind === 'stale' || fault.kind === 'hostile');
    const handle =
      views.length === 0
        ? right
        : api({ read: () => seen(store.read(), views), update: (change) => store.update(change) });
    await handle(request, response, next);
  };
}

function seen(state: SandboxState, views: readonly SetFault[]): SandboxState {
  return views.reduce((view, { fault, state: before, foreignKey }) => {
    if (fault.kind === 'stale') return before;
    return fault.kind === 'hostile' ? lieAbout(view, fault.lie, fault.about, foreignKey) : view;
  }, state);
}

function isAt(fault: Fault, when: 'before' | 'after'): boolean {
  return (fault.kind === 'error' || fault.kind === 'cut') && fault.when === when;
}

function fail(fault: Fault, response: Response): void {
  if (fault.kind === 'error') sendRefusal(response, fault.status, 'A fault that was asked for');
  else response.destroy();
}

/** Whatever is going to be sent, `instead` is done when its time comes. */
function replaceAnswer(response: Response, instead: () => void): void {
  const [write, end] = [response.write.bind(response), response.end.bind(response)];
  response.write = (): boolean => true;
  response.end = (): Response => {
    Object.assign(response, { write, end });
    instead();
    return response;
  };
}

/** Ends early when the caller leaves: nobody waits for the answer then, and the sandbox may stop. */
async function passTime(due: readonly SetFault[], response: Response): Promise<void> {
  const ms = due.reduce((sum, { fault }) => sum + (fault.kind === 'latency' ? fault.ms : 0), 0);
  if (ms === 0) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    response.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
