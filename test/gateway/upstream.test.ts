import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { CountersignError } from '../../src/errors.js';
import { NO_OBSERVER } from '../../src/gateway/observer.js';
import { watchSilence, type Silence } from '../../src/gateway/silence.js';
import { createUpstream } from '../../src/gateway/upstream.js';

const read = { method: 'GET', target: '/', headers: [] };

test('a read that is made once more and runs into silence tells of the silence', async () => {
  let calls = 0;
  const server = createServer((req, res) => {
    calls += 1;
    if (calls === 1) res.end('here');
    else if (calls === 2) req.socket.destroy(); // it was kept, and is closed just now
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const factory = { name: 'acme', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  const upstream = createUpstream(NO_OBSERVER);
  try {
    const patient = watchSilence(60_000, 'acme');
    await once((await upstream.call(factory, read, patient)).resume(), 'end');
    patient.end();
    await expect(upstream.call(factory, read, silentFrom(2))).rejects.toThrow('nothing came');
  } finally {
    upstream.close();
    server.close().closeAllConnections();
  }
});

/** Gives up as soon as that attempt is made. */
function silentFrom(attempts: number): Silence {
  let made = 0;
  let reason: Silence['reason'] = null;
  return {
    get reason() {
      return reason;
    },
    watch: (attempt) => {
      made += 1;
      if (made < attempts) return;
      reason = new CountersignError('FACTORY_UNAVAILABLE', 'nothing came');
      attempt.destroy();
    },
    heard: () => undefined,
    leave: () => undefined,
    end: () => undefined,
  };
}
