import { CountersignError } from '../../errors.js';
import { jsonPointer } from '../json-pointer.js';
import { isOwned } from '../require-root-of.js';
import { requireRootAnswer, type AnsweredRoots } from './check-answer.js';
import { inferChangelog } from './infer-changelog.js';
import { planRootUpdate } from './plan-root.js';
import type { RootBase } from './root-base.js';
import type { RootChangeOf } from './root-change.js';

/**
 * Reads the changelog that the Factory wrote when an update was begun, once it is sure that the Factory did nothing else:
 * one version more than the roots in force, that changelog, and otherwise the roots as they were.
 *
 * @param answered `updated` right after the begin. A Factory that is not owned yet has no production root by then
 * @param message what was given to the Factory for the changelog
 * @throws ROOT_CHANGELOG_MISSING, ROOT_CHANGE_INEXPRESSIBLE, and as requireRootAnswer
 */
export function readBegunUpdate(base: RootBase, answered: AnsweredRoots, message: string): RootChangeOf<'changelog'> {
  const changelog = inferChangelog(answered.ci);
  const expected = planRootUpdate([changelog], base);
  const production = answered.production ?? (isOwned(base.production.version) ? null : expected.production);
  requireRootAnswer(expected, { ...answered, production });
  if (changelog.message === message) return changelog;
  throw new CountersignError('ROOT_ANSWER_CHANGELOG', 'the changelog does not say what it was told to', {
    pointer: jsonPointer('signed', 'x-changelog', 'message'),
    details: { message: changelog.message },
  });
}
