/**
 * A process of its own for the races: opens the database at argv[2] and, when told to on stdin, does its part so
 * often as argv[4] says. Prints what came of it as JSON.
 */
import { once } from 'node:events';
import { openStore } from '../../src/store/index.js';
import { approval, asked, AT, blobs, event, newRequest } from './records.js';

const [, , url = '', name = '', count = '0'] = process.argv;

const store = await openStore(url);
process.stdout.write('ready\n');
await once(process.stdin, 'data');

const won: number[] = [];
for (let number = 0; number < Number(count); number += 1) {
  // Both processes ask for the same tag, under ids of their own; one may have it.
  const id = `req_${name}${String(number).padStart(25, '0')}`;
  const wave = { name: `w${number}`, tag: `t${number}`, version: 1 };
  const request = newRequest(number, { id, wave });
  const inserted = await store.requests.insert(request, { blobs: blobs(id), event: asked(request) });
  if (inserted.outcome === 'created') won.push(number);
  else if (inserted.outcome !== 'exists') throw new Error(inserted.outcome);
  // Then both approve and move whichever was made: each step succeeds in one of them.
  const made = inserted.outcome === 'created' ? id : inserted.id;
  await store.requests.transition(made, { from: ['preparing'], to: 'open', at: AT }, [
    event('opened', { request: made }),
  ]);
  await store.requests.addApproval(made, approval('alice'), event('approved', { request: made }));
}
await store.close();
process.stdout.write(`${JSON.stringify(won)}\n`);
