import { readFileSync } from 'node:fs';
import { signerBench } from '../support/signer-bench.js';
import { tufKey } from '../support/tuf-key.js';

/** A journal as a signer wrote it, with entries of most types. */
export async function journalSeed(): Promise<Buffer> {
  const bench = await signerBench({ keySeed: 'countersign fuzz', key: tufKey('ED25519', 'a token') });
  try {
    const { fixture, signer } = bench;
    const wave = fixture.wave();
    await signer.sign(fixture.dossier({ wave }));
    const other = fixture.wave({ version: 44, id: 'req_01jd9v3q5w8x2y4z6a7b9c1d3f' });
    const { text, sshsig } = fixture.reject('bob', other.text, 'not today');
    await signer.veto({ statement: other.text, rejection: text, sshsig });
    return readFileSync(bench.journalPath);
  } finally {
    await bench.remove();
  }
}
