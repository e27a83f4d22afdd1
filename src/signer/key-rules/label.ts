import { createHash } from 'node:crypto';
import { CountersignError } from '../../errors.js';
import { KEY_ROLES, type KeyRole } from '../token-types.js';

/** What fits into CKA_LABEL on a YubiHSM. */
const MAX_LABEL_BYTES = 40;

/** Longest name that leaves room for the rest of a targets key's label and a two-digit number. */
const MAX_FACTORY_CHARACTERS = 17;

/** What a key's label says: `countersign:<factory>:<role>:<n>`. */
export interface KeyLabel {
  /** As `factoryInLabel` gives it. */
  readonly factory: string;
  readonly role: KeyRole;
  /** Counts a Factory's keys of one role in one token, from 1. */
  readonly n: number;
}

/**
 * A Factory's name as it stands in labels: itself, or for a name of more than 17 characters its first 8, `~` and
 * 8 hex digits of its SHA-256.
 */
export function factoryInLabel(factory: string): string {
  if (factory.length <= MAX_FACTORY_CHARACTERS) return factory;
  return `${factory.slice(0, 8)}~${createHash('sha256').update(factory).digest('hex').slice(0, 8)}`;
}

/** Which of these Factories a label means; undefined for one that is not among them. */
export function factoryOfLabel(factory: string, names: Iterable<string>): string | undefined {
  return [...names].find((name) => factoryInLabel(name) === factory);
}

/** @throws INPUT_INVALID for a name or number that makes no label */
export function formatKeyLabel({ factory, role, n }: KeyLabel): string {
  const label = `countersign:${factoryInLabel(factory)}:${role}:${n}`;
  if (Buffer.byteLength(label) > MAX_LABEL_BYTES || parseKeyLabel(label) === null) {
    throw new CountersignError('INPUT_INVALID', `${JSON.stringify(label)} cannot be a key's label`, {
      hint: 'a Factory name has letters, digits, hyphens and underscores only',
    });
  }
  return label;
}

/** Null for a label that is none of ours: such keys are left alone. */
export function parseKeyLabel(label: string): KeyLabel | null {
  const match = /^countersign:([A-Za-z0-9_~-]+):([a-z]+):([1-9][0-9]{0,5})$/.exec(label);
  const [, factory, roleName, n] = match ?? [];
  const role = KEY_ROLES.find((name) => name === roleName);
  if (factory === undefined || role === undefined || n === undefined) return null;
  return { factory, role, n: Number(n) };
}
