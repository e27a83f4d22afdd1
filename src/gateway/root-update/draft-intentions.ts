import type { RootIntention } from '../../signing/index.js';
import { baseOf, stagedOf, type Draft } from './draft.js';
import { readIntentions } from './read-intentions.js';

/**
 * What a draft asks for. One in which nothing was changed asks for the same roots once more, as `updates sign` of fioctl does
 * over a transaction without a change.
 *
 * @throws as readIntentions
 */
export function draftIntentions(draft: Pick<Draft, 'content' | 'polisId'>, now: Date): RootIntention[] {
  const { content } = draft;
  const base = baseOf(content);
  const intentions = readIntentions(base, stagedOf(draft), now);
  if (content.online !== null) intentions.push({ op: 'rotate-online-key', ...content.online });
  return intentions.length > 0 ? intentions : [{ op: 'resign', expires: base.ci.expires }];
}

/** Whether anything was done in it since it was begun. */
export function isUntouched({ put, online, adopt, request }: Draft['content']): boolean {
  return put === null && online === null && request === null && adopt.tags.length + adopt.waves.length === 0;
}

/** In words for `fioctl keys tuf updates review`. */
export function describeIntention(intention: RootIntention): string {
  switch (intention.op) {
    case 'rotate-key': {
      const type = intention.keytype === undefined ? '' : `${intention.keytype} `;
      const old = intention.old === undefined ? '' : ` ${intention.old}`;
      return `Replace key${old} of ${intention.role}: the ${type}standby key of the token comes in its place, not the one on your computer`;
    }
    case 'take-ownership':
      return `Take ownership of ${intention.role}: the standby key of the token comes in, not the one on your computer`;
    case 'set-threshold':
      return `Threshold of ${intention.role === 'targets' ? 'production targets' : intention.role}: ${intention.threshold}`;
    case 'rotate-online-key':
      return `New online keys (${intention.keytype}) of ${intention.roles.join(', ')}: the Factory makes them once this is asked for`;
    case 'resign':
      return intention.expires === undefined ? 'Sign anew, to expire in a year' : 'Sign the same roots anew';
    case 'add-key':
      return `Add a key to ${intention.role}`;
    case 'remove-key':
      return `Remove key ${intention.keyid} of ${intention.role}`;
  }
}

/** What asks for the same past fioctl: words after `countersign root`. */
export function commandOf(intention: RootIntention): string {
  switch (intention.op) {
    case 'rotate-key': {
      const old = intention.old === undefined ? '' : ` --old ${intention.old}`;
      const keytype = intention.keytype === undefined ? '' : ` --keytype ${intention.keytype}`;
      return `rotate-key --role ${intention.role}${old}${keytype}`;
    }
    case 'take-ownership':
    case 'add-key':
      return `${intention.op} --role ${intention.role}`;
    case 'set-threshold':
      return `set-threshold ${intention.threshold} --role ${intention.role}`;
    case 'rotate-online-key':
      return `rotate-online-key --role ${intention.roles.join(' ')} --keytype ${intention.keytype}`;
    case 'resign':
      return intention.expires === undefined ? 'resign' : `resign --expires-at ${intention.expires}`;
    case 'remove-key':
      return `remove-key ${intention.keyid} --role ${intention.role}`;
  }
}
