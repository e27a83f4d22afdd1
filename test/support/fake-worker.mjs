/**
 * A worker without a token, for what a real one cannot be made to do. `FAKE_LOG` names a file that gets one line for
 * each task; `FAKE_OPEN` and `FAKE_SIGN` are JSON lists of what the first, second, … such task of all processes does,
 * the last one repeated: "ok", "die", "hang", "rubbish" or {"code", "action"}; with many signatures also "one-by-one", "one-then-die", "one-then-hang" and "too-few".
 */
import { Buffer } from 'node:buffer';
import { appendFileSync, existsSync, readFileSync, readSync } from 'node:fs';

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
  else if (step === 'one-by-one') {
    for (const signature of resultOf(task).signatures)
      process.send({ type: 'some', id, result: { signatures: [signature] } });
    process.send({ type: 'done', id, result: { signatures: [] } });
  } else if (step === 'one-then-die' || step === 'one-then-hang') {
    const [signature] = resultOf(task).signatures;
    process.send({ type: 'some', id, result: { signatures: [signature] } }, () => {
      if (step === 'one-then-die') process.exit(7);
    });
  } else if (step === 'too-few') process.send({ type: 'done', id, result: { signatures: [] } });
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
  return task.type === 'sign-all'
    ? { signatures: task.lengths.map((length) => sign(readPayload(length))) }
    : { signature: sign(task.payload) };
}

/** From the pipe of the payloads: each has a header of 12 bytes. */
function readPayload(length) {
  const frame = Buffer.alloc(12 + length);
  for (let filled = 0; filled < frame.length;) filled += readSync(4, frame, filled, frame.length - filled, null);
  return frame.subarray(12);
}
