import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { NAMESPACES, parseSshPublicKey } from '../../approval/index.js';
import { CountersignError } from '../../errors.js';
import {
  checkPolicySignatures,
  draftPolicy,
  leastKeysOf,
  parsePolicy,
  serializePolicy,
  verifyPolicyChain,
  type KindRules,
  type Policy,
  type SignedPolicy,
} from '../../policy/index.js';
import { formatTime, parseRoot } from '../../tuf/index.js';
import { clientSettings, type ClientOptions } from '../client-settings.js';
import type { CliContext } from '../context.js';
import { collect, wholeNumber } from '../parse-options.js';
import { readInputFile } from '../read-input-file.js';
import { replaceFile } from '../replace-file.js';
import { sshSign } from '../ssh-sign.js';
import { plain, printData, printJson, say } from '../terminal/output.js';
import { formatTable } from '../terminal/table.js';
import { loadPins } from '../trust-file.js';

interface DraftOptions {
  readonly officer: readonly string[];
  readonly factory: string;
  readonly url: string;
  readonly root: string;
  readonly token: readonly string[];
  readonly quorum: number;
  readonly singleOfficer?: boolean;
  readonly maxExpiresDays: number;
  readonly bundleMaxExpiresDays: number;
  readonly rootQuorum?: number;
  readonly rootMaxExpiresDays?: number;
  readonly leastRootKeys?: number;
  readonly leastTargetsKeys?: number;
  readonly previous?: string;
  readonly out: string;
  readonly json?: boolean;
}

interface SignOptions extends ClientOptions {
  readonly person: string;
  readonly previous?: string;
  readonly key?: string;
  readonly json?: boolean;
}

export function addPolicyCommands(program: Command, context: CliContext): void {
  const policy = program
    .command('policy')
    .description('officers, quorums and limits: draft, sign, show and verify them');

  policy
    .command('draft')
    .summary('write an unsigned policy')
    .requiredOption(
      '--officer <person=key-file>',
      'an officer and the public key file; again for more officers or more keys',
      collect,
    )
    .requiredOption('--factory <name>', 'the Factory’s name')
    .requiredOption('--url <url>', 'the Factory’s API, e.g. https://api.foundries.io')
    .requiredOption('--root <file>', 'the Factory’s first root, 1.root.json, obtained where you trust it')
    .requiredOption(
      '--token <label[#serial]:roles>',
      'a PKCS#11 token and what it may hold, e.g. acme-targets:targets',
      collect,
    )
    .option('--quorum <n>', 'how many officers have to approve', wholeNumber(1), 2)
    .option('--single-officer', 'say that one officer is enough; every statement will show it')
    .option('--max-expires-days <n>', 'the longest life of a signed document', wholeNumber(1), 400)
    .option('--bundle-max-expires-days <n>', 'the longest life of an offline bundle', wholeNumber(1), 30)
    .option('--root-quorum <n>', 'the same for root updates, where it differs', wholeNumber(1))
    .option('--root-max-expires-days <n>', 'the longest life of a signed root, where it differs', wholeNumber(1))
    .option(
      '--least-root-keys <n>',
      'root keys that there must be after every root update (default: 1)',
      wholeNumber(1),
    )
    .option('--least-targets-keys <n>', 'the same for your targets keys (default: 1)', wholeNumber(1))
    .option('--previous <file>', 'the policy that this one follows')
    .option('-o, --out <file>', 'where to write', 'policy.json')
    .option('--json', 'print what was written as JSON')
    .action((options: DraftOptions) => {
      if (existsSync(options.out)) {
        throw new CountersignError('USAGE', `${options.out} is there already`, { hint: 'give another --out' });
      }
      const drafted = parsePolicy(serializePolicy({ policy: draft(options, context.now()), signatures: [] }));
      save(options.out, drafted);
      if (options.json === true) printJson(context, describe(options.out, drafted));
      say(
        context,
        `${options.out}: policy version ${drafted.policy.version}, sha256 ${drafted.sha256}, not signed yet`,
      );
      say(
        context,
        `next: countersign policy sign ${options.out} --person ${drafted.policy.officers[0]?.person ?? 'PERSON'}`,
      );
    });

  policy
    .command('sign')
    .summary('add your signature to a policy, with your SSH key')
    .argument('<file>')
    .requiredOption('--person <name>', 'which officer you are')
    .option('--previous <file>', 'the policy before it, whose officers decide; not for version 1')
    .option('--key <path>', 'your SSH key, as for ssh-keygen -Y sign -f')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print what was written as JSON')
    .action(async (file: string, options: SignOptions) => {
      const policyFile = load(file);
      const deciding = decidingPolicy(policyFile, options.previous);
      say(context, showPolicy(policyFile));
      const sshsig = await sshSign(context, {
        keyPath: clientSettings(context, options).sshKeyPath(options.key),
        namespace: NAMESPACES.policy,
        message: Buffer.from(policyFile.text, 'utf8'),
      });
      const others = policyFile.signatures.filter((signature) => signature.person !== options.person);
      const signed = parsePolicy(
        serializePolicy({ policy: policyFile.policy, signatures: [...others, { person: options.person, sshsig }] }),
      );
      const { invalid, missing, satisfied } = checkPolicySignatures(signed, deciding ?? signed.policy);
      const mine = invalid.find((entry) => entry.person === options.person);
      if (mine !== undefined) {
        throw new CountersignError('POLICY_NOT_SIGNED', `the signature does not count: ${mine.reason}`, {
          hint: `sign with a key that the policy names for ${options.person}`,
        });
      }
      save(file, signed);
      if (options.json === true) printJson(context, { ...describe(file, signed), enough: satisfied });
      say(
        context,
        `${file} now carries the signature of ${options.person}; ${satisfied ? 'that is enough' : `still to sign: ${missing.join(', ')}`}`,
      );
    });

  policy
    .command('show')
    .summary('print a policy in words, with the digest to trust')
    .argument('<file>')
    .option('--json', 'print the policy as JSON')
    .action((file: string, options: { json?: boolean }) => {
      const policyFile = load(file);
      if (options.json === true) printJson(context, { sha256: policyFile.sha256, signed: policyFile.policy });
      else printData(context, `${showPolicy(policyFile)}\n`);
    });

  policy
    .command('verify')
    .summary('verify a chain of policies, version 1 first, against what this machine trusts')
    .argument('<file...>')
    .option('--trust <file>', 'trust file; default: that of the client configuration')
    .option('--config <path>', 'client configuration')
    .option('--json', 'print the result as JSON')
    .action((files: string[], options: ClientOptions & { trust?: string; json?: boolean }) => {
      const pins = loadPins(options.trust ?? clientSettings(context, options).trustPath);
      const last = verifyPolicyChain(files.map(load), pins);
      if (options.json === true) printJson(context, { version: last.policy.version, sha256: last.sha256, holds: true });
      say(context, `holds: policy version ${last.policy.version}, sha256 ${last.sha256}`);
    });
}

/** Version 1 is decided by its own officers, any later one by those of the version before it. */
function decidingPolicy(file: SignedPolicy, previous: string | undefined): Policy | null {
  if (file.policy.version === 1) return null;
  if (previous === undefined) {
    throw new CountersignError('USAGE', 'the officers of the version before it decide on this one', {
      hint: 'give that version’s file with --previous',
    });
  }
  const before = load(previous);
  if (before.sha256 === file.policy.previous) return before.policy;
  throw new CountersignError('POLICY_CHAIN_BROKEN', `${previous} is not the policy that this one follows`);
}

function draft(options: DraftOptions, now: Date): Policy {
  const previous = options.previous === undefined ? null : load(options.previous);
  const root = parseRoot(readInputFile(options.root));
  const limits = {
    quorum: options.quorum,
    maxExpiresDays: options.maxExpiresDays,
    singleOfficer: options.singleOfficer === true,
  };
  return draftPolicy({
    version: (previous?.policy.version ?? 0) + 1,
    created: formatTime(now),
    previous: previous?.sha256 ?? null,
    officers: officersOf(options.officer),
    kinds: {
      wave: limits,
      root: rootRules(options, limits),
      bundle: { ...limits, maxExpiresDays: options.bundleMaxExpiresDays },
      policy: limits,
    },
    factories: [
      {
        name: options.factory,
        url: options.url,
        firstRoot: { version: root.signed.version, sha256: root.sha256 },
        tokens: options.token.map(tokenOf),
      },
    ],
  });
}

function rootRules(
  { rootQuorum, rootMaxExpiresDays, leastRootKeys, leastTargetsKeys }: DraftOptions,
  limits: KindRules,
): NonNullable<Policy['kinds']['root']> {
  const leastKeys = {
    ...(leastRootKeys === undefined ? {} : { root: leastRootKeys }),
    ...(leastTargetsKeys === undefined ? {} : { targets: leastTargetsKeys }),
  };
  return {
    ...limits,
    ...(rootQuorum === undefined ? {} : { quorum: rootQuorum }),
    ...(rootMaxExpiresDays === undefined ? {} : { maxExpiresDays: rootMaxExpiresDays }),
    ...(Object.keys(leastKeys).length === 0 ? {} : { leastKeys }),
  };
}

function officersOf(values: readonly string[]): Policy['officers'] {
  const keysByPerson = new Map<string, string[]>();
  for (const value of values) {
    const [, person, path] = /^([^=]+)=(.+)$/u.exec(value) ?? [];
    if (person === undefined || path === undefined) {
      throw new CountersignError('USAGE', `--officer ${value} is not of the form person=public-key-file`);
    }
    const lines = readInputFile(path).toString('utf8').trim().split('\n');
    for (const line of lines) parseSshPublicKey(line);
    keysByPerson.set(person, [...(keysByPerson.get(person) ?? []), ...lines]);
  }
  return [...keysByPerson].map(([person, keys]) => ({ person, keys }));
}

function tokenOf(value: string): Policy['factories'][number]['tokens'][number] {
  const [, label, serial, roles] =
    /^([^#:]+)(?:#([^:]+))?:((?:root|targets)(?:,(?:root|targets))*)$/u.exec(value) ?? [];
  if (label === undefined || roles === undefined) {
    throw new CountersignError('USAGE', `--token ${value} is not of the form label:roles or label#serial:roles`, {
      hint: 'roles are root, targets, or root,targets',
    });
  }
  return {
    label,
    serial: serial ?? null,
    roles: roles.split(',').map((role) => (role === 'root' ? 'root' : 'targets')),
  };
}

function showPolicy(file: SignedPolicy): string {
  const { policy } = file;
  const officers = policy.officers.flatMap((officer) =>
    officer.keys.map((line) => {
      const key = parseSshPublicKey(line);
      return [officer.person, key.algorithm, key.fingerprint];
    }),
  );
  const kinds = Object.entries(policy.kinds).map(([kind, { quorum, singleOfficer, maxExpiresDays }]) => [
    kind,
    `${quorum}${singleOfficer ? ' (single officer)' : ''}`,
    `${maxExpiresDays} days`,
  ]);
  const { root: ofRoot, targets: ofTargets } = policy.kinds.root === undefined ? ONE_KEY : leastKeysOf(policy);
  const factories = policy.factories.map((factory) =>
    [
      `Factory ${factory.name} at ${plain(factory.url)}`,
      `  first root    version ${factory.firstRoot.version}, sha256 ${factory.firstRoot.sha256}`,
      ...factory.tokens.map(
        (token) =>
          `  token         ${plain(token.label)}${token.serial === null ? '' : ` (serial ${token.serial})`}: ${token.roles.join(', ')}`,
      ),
    ].join('\n'),
  );
  return [
    `Policy version ${policy.version}, made ${policy.created}`,
    `sha256 ${file.sha256}`,
    '',
    formatTable(['officer', 'key', 'fingerprint'], officers),
    formatTable(['kind', 'approvals needed', 'longest life'], kinds),
    `Keys there must be after a root update: ${ofRoot} for root, ${ofTargets} for targets`,
    ...factories,
    '',
    `Signed by ${file.signatures.map((signature) => signature.person).join(', ') || 'nobody'}; ${missingWords(file)}`,
  ].join('\n');
}

const ONE_KEY = { root: 1, targets: 1 };

/** Version 1 needs all its officers; a later version is judged by the one before it, which is not in this file. */
function missingWords(file: SignedPolicy): string {
  if (file.policy.version > 1) return 'whether that is enough, the version before it decides (`policy verify`)';
  const { missing } = checkPolicySignatures(file, file.policy);
  return missing.length === 0 ? 'that is everybody' : `missing: ${missing.join(', ')}`;
}

function describe(file: string, { policy, sha256, signatures }: SignedPolicy): Record<string, unknown> {
  return { file, version: policy.version, sha256, signedBy: signatures.map(({ person }) => person) };
}

function load(path: string): SignedPolicy {
  return parsePolicy(readInputFile(path));
}

function save(path: string, policy: SignedPolicy): void {
  replaceFile(path, serializePolicy(policy), 0o666);
}
