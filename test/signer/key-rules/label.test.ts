import { describe, expect, it } from '@jest/globals';
import { factoryInLabel, formatKeyLabel, parseKeyLabel } from '../../../src/signer/key-rules/index.js';
import { codeOf } from '../../support/error-code.js';

describe('a key’s label', () => {
  it('says Factory, role and number, and reads back', () => {
    const label = formatKeyLabel({ factory: 'acme-robotics', role: 'targets', n: 3 });
    expect(label).toBe('countersign:acme-robotics:targets:3');
    expect(parseKeyLabel(label)).toEqual({ factory: 'acme-robotics', role: 'targets', n: 3 });
  });

  it('fits into the 40 bytes of a YubiHSM however long the Factory’s name is', () => {
    const factory = 'a-factory-with-a-name-of-its-own';
    const label = formatKeyLabel({ factory, role: 'targets', n: 99 });
    expect(Buffer.byteLength(label)).toBeLessThanOrEqual(40);
    expect(parseKeyLabel(label)?.factory).toBe(factoryInLabel(factory));
  });

  it('tells two long names with one beginning apart', () => {
    expect(factoryInLabel('a-long-factory-name-1')).not.toBe(factoryInLabel('a-long-factory-name-2'));
  });

  it('refuses a name that would say something else when read', () => {
    expect(codeOf(() => formatKeyLabel({ factory: 'a:root', role: 'targets', n: 1 }))).toBe('INPUT_INVALID');
    expect(codeOf(() => formatKeyLabel({ factory: 'é', role: 'targets', n: 1 }))).toBe('INPUT_INVALID');
    expect(codeOf(() => formatKeyLabel({ factory: 'acme', role: 'targets', n: 0 }))).toBe('INPUT_INVALID');
  });

  it.each(['', 'release', 'countersign:acme:snapshot:1', 'countersign:acme:targets:01', 'countersign:acme:root:1 '])(
    'leaves %j to others',
    (label) => expect(parseKeyLabel(label)).toBeNull(),
  );
});
