/**
 * From the moment before the last approval is posted to the moment at which the signed metadata was read, against one C_Sign
 * of the same key over the same bytes. In between: the approval is verified and stored, the Factory is asked whether the base
 * is still current, the signer verifies, journals and signs, and the service verifies and stores what it got.
 */
import type { KeyType } from '../src/signer/index.js';
import { parseTargets, verifySignature } from '../src/tuf/index.js';
import { closingOnError } from './closing.js';
import { printTimes, timed } from './measure.js';
import { openSite, type Site, type WaitingRequest } from './site.js';

const KEY_TYPES: readonly { type: KeyType; samples: number }[] = [
  { type: 'rsa4096', samples: 150 },
  { type: 'ed25519', samples: 300 },
];
const WARM_UP = 15;
const WAIT_SECONDS = 60;

export async function benchApproval(wanted: number | undefined): Promise<void> {
  for (const { type, samples } of KEY_TYPES) await compare(type, wanted ?? samples);
}

async function compare(type: KeyType, samples: number): Promise<void> {
  const site = await closingOnError((closing) => openSite(type, closing));
  const raw: number[] = [];
  const factory: number[] = [];
  const whole: number[] = [];
  let payload: Buffer = Buffer.alloc(25_000);
  try {
    for (let round = -WARM_UP; round < samples; round += 1) {
      const request = await site.openRequest();
      const { timesMs } = await site.raw.sign(payload, 3);
      await timed(round < 0 ? [] : factory, () => askFactory(site, request));
      let signed = '';
      await timed(round < 0 ? [] : whole, async () => {
        [signed] = await Promise.all([
          site.bob.signed(request.id, { waitSeconds: WAIT_SECONDS }),
          site.bob.approve(request.id, { sshsig: request.lastApproval }),
        ]);
      });
      payload = requireSigned(site, signed);
      if (round >= 0) raw.push(...timesMs);
      // what is left of this request must not disturb the next
      const { state } = await site.bob.request(request.id, { waitSeconds: WAIT_SECONDS });
      if (state !== 'delivered') throw new Error(`the request is ${state}`);
    }
  } finally {
    await site.close();
  }
  printTimes(`${type}: last approval posted → signed metadata of ${payload.length} bytes read`, [
    { name: 'C_Sign alone', times: raw },
    { name: "the Factory's answers alone (8 calls)", times: factory },
    { name: 'last approval → signed metadata', times: whole, against: raw },
  ]);
}

/** What the service asks before it has anything signed, asked alone. */
async function askFactory({ factory: { client } }: Site, { wave }: WaitingRequest): Promise<void> {
  await Promise.all([
    client.rootChain('ci', 3),
    client.rootChain('production', 3),
    client.productionTargets(wave.tag),
    client.wave(wave.name),
    client.waves({ tag: wave.tag, status: 'active' }),
    client.rootUpdateApplying(),
  ]);
}

function requireSigned({ key }: Site, text: string): Buffer {
  const { signatures, signedBytes } = parseTargets(Buffer.from(text));
  const own = signatures.find(({ keyid }) => keyid === key.keyid);
  if (own === undefined) throw new Error("the token's signature is missing");
  verifySignature(key.key, own, signedBytes);
  return signedBytes;
}
