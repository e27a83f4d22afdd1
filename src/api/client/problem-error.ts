import { CountersignError, ERROR_CODES, errorFromWire, type ErrorCode } from '../../errors.js';
import { problemSchema } from '../schemas/problem.js';
import { MEDIA_TYPES } from '../wire.js';

/**
 * The error that an answer tells of. A problem with a code that this program does not know (a newer service)
 * and an answer that is no problem at all (a proxy's page) become SERVICE_ANSWER_INVALID or SERVICE_UNAVAILABLE.
 */
export async function errorOfAnswer(answer: Response): Promise<CountersignError> {
  const problem = problemSchema.safeParse(await readProblem(answer)).data;
  if (problem === undefined) {
    const passing = answer.status === 502 || answer.status === 503 || answer.status === 504;
    return new CountersignError(
      passing ? 'SERVICE_UNAVAILABLE' : 'SERVICE_ANSWER_INVALID',
      `the service answered ${answer.status} without saying why`,
      { hint: 'Check the address; something between may have answered.', details: { status: answer.status } },
    );
  }
  const { code, detail, pointer, hint, details, instance } = problem;
  const known = isErrorCode(code);
  return errorFromWire({
    code: known ? code : 'SERVICE_ANSWER_INVALID',
    message: known ? detail : `${detail} (${code}, which this program does not know)`,
    ...(pointer === undefined ? {} : { pointer }),
    ...(hint === undefined ? {} : { hint }),
    details: { ...details, status: problem.status, ...(instance === undefined ? {} : { requestId: instance }) },
  });
}

async function readProblem(answer: Response): Promise<unknown> {
  if (answer.headers.get('content-type')?.startsWith(MEDIA_TYPES.problem) !== true) {
    await answer.body?.cancel();
    return undefined;
  }
  try {
    return await answer.json();
  } catch {
    return undefined;
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(code);
}
