import { describe, expect, it } from '@jest/globals';
import { JobQueue } from '../../../src/signer/supervisor/job-queue.js';

const never = new AbortController().signal;

describe('the job queue', () => {
  it('hands out in order, and first what was put back', async () => {
    const queue = new JobQueue<string>();
    queue.add('a');
    queue.add('b');
    const first = await queue.take(never);
    queue.putBack(first ?? '');
    expect([await queue.take(never), await queue.take(never)]).toEqual(['a', 'b']);
  });

  it('gives each job to one taker only', async () => {
    const queue = new JobQueue<number>();
    const takers = [queue.take(never), queue.take(never), queue.take(never)];
    for (const job of [1, 2, 3]) queue.add(job);
    expect((await Promise.all(takers)).sort()).toEqual([1, 2, 3]);
  });

  it('loses no job to a taker that gives up at the same moment', async () => {
    const queue = new JobQueue<string>();
    const end = new AbortController();
    const leaving = queue.take(end.signal);
    const staying = queue.take(never);
    queue.add('job');
    end.abort();
    expect(await leaving).toBeNull();
    expect(await staying).toBe('job');
  });

  it('hands out nothing that was removed', async () => {
    const queue = new JobQueue<string>();
    queue.add('a');
    queue.add('b');
    expect(queue.remove('a')).toBe(true);
    expect(queue.remove('a')).toBe(false);
    expect(await queue.take(never)).toBe('b');
    expect(queue.length).toBe(0);
  });
});
