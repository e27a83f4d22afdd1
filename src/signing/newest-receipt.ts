import { z } from 'zod';
import { parseStatement } from '../dossier/index.js';
import type { Context } from './context.js';
import type { Receipt } from './ports.js';

const detailsSchema = z.object({ journalSeq: z.int().min(1), journalHash: z.string() });

/**
 * The receipt of the newest signatures in the store, which every decision of the signer is asked with: should its journal be an older
 * one, or a new one, it finds out though nothing was published yet.
 */
export async function newestReceipt({ store, pins }: Context): Promise<Receipt | null> {
  const event = await store.events.last('signed');
  if (event?.request == null) return null;
  const [details, request] = [
    detailsSchema.safeParse(JSON.parse(event.details)),
    await store.requests.find(event.request),
  ];
  if (!details.success || request === null) return null;
  // a database may have served under another policy version 1 before, with another signer
  if (parseStatement(request.statement).service !== pins.policySha256) return null;
  const { journalSeq: seq, journalHash: hash } = details.data;
  return { statement: request.statementSha256, seq, hash };
}
