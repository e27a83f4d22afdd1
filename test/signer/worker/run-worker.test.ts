import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { generateKey } from '../../../src/signer/keys/index.js';
import type { TokenKey } from '../../../src/signer/token-types.js';
import { runScript } from '../../support/run-script.js';
import { makeSoftHsm, type SoftHsm } from '../../support/softhsm.js';

let hsm: SoftHsm;
let token: ReturnType<SoftHsm['makeToken']>;
let key: TokenKey;
beforeAll(async () => {
  hsm = makeSoftHsm();
  token = hsm.makeToken('release');
  key = await generateKey(token, { factory: 'acme', role: 'targets', type: 'ed25519' }, hsm.options);
});
afterAll(() => hsm.remove());

it('signs payloads in their order, however early their later pieces come', async () => {
  const open = {
    ...{ type: 'open', module: { path: token.module }, selector: { label: token.label } },
    ...{ pinFile: token.pinFile, stateDir: hsm.stateDir },
  };
  const script = runScript(`
    process.env.SOFTHSM2_CONF = ${JSON.stringify(token.moduleEnvironment['SOFTHSM2_CONF'])};
    const { runWorker } = await import('./src/signer/worker/run-worker.ts');
    const keyid = ${JSON.stringify(key.keyid)};
    const [one, two, three] = ['one', 'two', 'three'].map((text) => Buffer.from(text));
    let ask;
    const answers = [];
    const send = (message) => {
      if (message.type === 'failed') throw new Error(message.error.message);
      if (message.type === 'done' && message.id > 1) answers.push(...(message.result.signatures ?? [message.result.signature]));
      if (message.id === 5) console.log(JSON.stringify(answers.map(({ sig }) => sig)));
    };
    runWorker({ send, onRequest: (handle) => (ask = handle), onDisconnect: () => undefined, exit: () => undefined });
    ask({ id: 1, task: ${JSON.stringify(open)} });
    ask({ id: 2, task: { type: 'sign-all', keyid, payloads: [one] }, more: 2 });
    ask({ id: 2, payloads: [two] });
    ask({ id: 2, payloads: [three] });
    for (const [index, payload] of [one, two, three].entries()) ask({ id: 3 + index, task: { type: 'sign', keyid, payload } });
  `);
  const made = JSON.parse(await script.line()) as string[];
  await script.kill();
  expect(made).toHaveLength(6);
  // Ed25519 makes the same signature each time
  expect(made.slice(0, 3)).toEqual(made.slice(3));
});
