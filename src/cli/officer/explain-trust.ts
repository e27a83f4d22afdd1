import { parseSshPublicKey } from '../../approval/index.js';
import { CountersignError } from '../../errors.js';
import { parsePolicy } from '../../policy/index.js';
import { plain } from '../terminal/output.js';

/**
 * What a dossier asks its reader to trust, in words: policy version 1 with its officers, and the Factories' first
 * roots that it names. It is shown and nothing more; the digests have to come to the reader by another way.
 *
 * @param lines the dossier's lines; those after policy version 1 are not read
 * @throws DOSSIER_INVALID, and what parsePolicy throws
 */
export async function explainTrust(lines: AsyncIterable<string> | Iterable<string>): Promise<string> {
  const policy = parsePolicy(await firstPolicyText(lines));
  const officers = policy.policy.officers.map((officer) => {
    const keys = officer.keys.map((key) => parseSshPublicKey(key).fingerprint);
    return `    officer ${officer.person}: ${keys.join(', ')}`;
  });
  const roots = policy.policy.factories.map(
    ({ name, url, firstRoot }) =>
      `  first root of ${name} (${plain(url)}), version ${firstRoot.version}\n    sha256 ${firstRoot.sha256}`,
  );
  const arguments_ = policy.policy.factories.map(({ name, firstRoot }) => `--root ${name}=${firstRoot.sha256}`);
  return [
    'Nothing is trusted on this machine yet. This dossier would have you trust:',
    '',
    `  policy version ${policy.policy.version}`,
    `    sha256 ${policy.sha256}`,
    ...officers,
    ...roots,
    '',
    'Compare every digest with what your operator gave you by another way (in person, on paper). Then run:',
    `  countersign trust ${policy.sha256} ${arguments_.join(' ')}`,
  ].join('\n');
}

async function firstPolicyText(lines: AsyncIterable<string> | Iterable<string>): Promise<string> {
  for await (const line of lines) {
    const value = parseLine(line);
    if (typeof value === 'object' && value !== null && 'type' in value && value.type === 'policy' && 'text' in value) {
      return String(value.text);
    }
  }
  return '';
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new CountersignError('DOSSIER_INVALID', 'a line of it is not JSON', { cause });
  }
}
