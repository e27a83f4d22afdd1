/**
 * Signing through the whole signer (over its socket: the dossier verified, intent and signature in the journal and on the
 * disk, the signature verified) against a loop of C_Sign in a process of its own, with the same key over the same bytes.
 */
import type { KeyType } from '../src/signer/index.js';
import { verifySignature } from '../src/tuf/index.js';
import { createFixture, type FixtureWave } from '../test/support/factory-fixture.js';
import { ciBuilds } from './ci-builds.js';
import { closingOnError } from './closing.js';
import { printTimes, timed } from './measure.js';
import { openBenchToken, startSigner } from './signer-process.js';

const KEY_TYPES: readonly { type: KeyType; samples: number }[] = [
  { type: 'rsa3072', samples: 100 },
  { type: 'rsa4096', samples: 100 },
  { type: 'ed25519', samples: 300 },
];
const WARM_UP = 10;

export async function benchSigner(wanted: number | undefined): Promise<void> {
  for (const { type, samples } of KEY_TYPES) await compare(type, wanted ?? samples);
}

async function compare(type: KeyType, samples: number): Promise<void> {
  const bench = await closingOnError(async (closing) => {
    const token = await openBenchToken(type, closing);
    const fixture = createFixture({
      now: new Date(),
      productionVersion: null,
      offlineKeys: [token.key],
      changeCiTargets: (targets) => ({ ...targets, targets: ciBuilds() }),
    });
    const { client } = await startSigner(token, { policy: fixture.policyText, pins: fixture.pins }, closing);
    return { ...token, fixture, client };
  });
  const { key, raw, fixture, client } = bench;
  const rawTimes: number[] = [];
  const ahead: number[] = [];
  const atOnce: number[] = [];
  let made = 0;
  const nextWave = (): FixtureWave => {
    made += 1;
    const id = `req_${String(made).padStart(26, '0')}`;
    return fixture.wave({ id, name: `wave-${made}`, tag: `tag-${made}` });
  };
  const sign = async (wave: FixtureWave, lines: readonly string[], times: number[]): Promise<void> => {
    await timed(times, async () => {
      const { signatures } = await client.sign(lines);
      if (signatures.length !== 1) throw new Error('one signature was asked for');
      for (const signature of signatures) verifySignature(key.key, signature, wave.document);
    });
  };
  let bytes = 0;
  try {
    for (let round = -WARM_UP; round < samples; round += 1) {
      const [first, second] = [nextWave(), nextWave()];
      bytes = first.document.length;
      const signed = await raw.sign(first.document, 3);
      verifySignature(key.key, { keyid: key.keyid, method: signed.method, sig: signed.sig }, first.document);
      const lines = fixture.dossier({ wave: first });
      await client.verify(fixture.dossier({ wave: first, approvals: [] }));
      await sign(first, lines, round < 0 ? [] : ahead);
      await sign(second, fixture.dossier({ wave: second }), round < 0 ? [] : atOnce);
      if (round >= 0) rawTimes.push(...signed.timesMs);
    }
  } finally {
    await bench.close();
  }
  printTimes(`${type}: one signature over ${bytes} bytes, one after another; a dossier with 160 kB of CI targets`, [
    { name: 'C_Sign alone', times: rawTimes },
    { name: 'signer, dossier seen before its last approval', times: ahead, against: rawTimes },
    { name: 'signer, dossier never seen before', times: atOnce, against: rawTimes },
  ]);
}
