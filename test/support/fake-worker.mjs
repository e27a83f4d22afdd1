/**
 * A worker without a token, for what a real one cannot be made to do. `FAKE_LOG` names a file that gets one line for
 * each task; `FAKE_OPEN` and `FAKE_SIGN` are JSON lists of what the first, second, … such task of all processes does,
 * the last one repeated: "ok", "die", "hang", "rubbish" or {"code", "action"}.
 */
import { Buffer } from 'node:buffer';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

const { FAKE_LOG, FAKE_OPEN = '["ok"]', FAKE_SIGN = '["ok"]', FAKE_KEYS = '[]' } = process.env;
const plans = { open: JSON.parse(FAKE_OPEN), sign: JSON.parse(FAKE_SIGN), 'sign-all': JSON.parse(FAKE_SIGN) };

process.on('disconnect', () => process.exit(0));
process.on('message', ({ id, task }) => {
  if (task.type === 'close') process.exit(0);
  const before = existsSync(FAKE_LOG) ? readFileSync(FAKE_LOG, 'utf8').split('\n') : [];
  appendFileSync(FAKE_LOG, `${task.type}\n`);
  const plan = plans[task.type] ?? ['ok'];
  const step = plan[Math.min(before.filter((line) => line === task.type).length, plan.length - 1)];
  if (step === 'die') process.exit(7);
  else if (step === 'rubbish') process.send({ type: 'done', id, result: { signature: 42 } });
  else if (step === 'ok') process.send({ type: 'done', id, result: resultOf(task) });
  else if (step !== 'hang') {
    process.send({ type: 'failed', id, error: { code: step.code, message: 'as planned' }, action: step.action });
  }
});
process.send({ type: 'hello' });

function resultOf(task) {
  const keys = JSON.parse(FAKE_KEYS);
  if (task.type === 'open') return { label: 'fake', serial: '1', keys, canary: null };
  if (task.type === 'keys') return { keys, canary: null };
  const sign = (payload) => ({ keyid: task.keyid, method: 'ed25519', sig: Buffer.from(payload).toString('base64') });
  return task.type === 'sign-all' ? { signatures: task.payloads.map(sign) } : { signature: sign(task.payload) };
}
