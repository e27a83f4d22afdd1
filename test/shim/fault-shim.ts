import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TokenConfig } from '../../src/signer/token-types.js';

const SOURCE = fileURLToPath(new URL('pkcs11-fault-shim.c', import.meta.url));
const COMPILER_FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC'];

/** What a call does instead of its work; the words are those of the shim's plan. */
export type Fault =
  | `return ${number}`
  | `answer ${number}`
  | 'hang'
  | 'crash'
  | 'kill'
  | 'kill-after'
  | 'flip'
  | 'other-data'
  | 'cut'
  | 'lose-session'
  | 'lose-login'
  | 'gone'
  | `flags ${number}`;

export interface Rule {
  /** A PKCS#11 function, or `*` for all. */
  readonly call: string;
  readonly fault: Fault;
  /** How many calls, of all processes together, are let through before; 0 by default. */
  readonly skip?: number;
  /** How many calls it strikes; 1 by default. */
  readonly times?: number | 'always';
}

export interface FaultShim {
  /** `token` with the shim before its module. */
  readonly token: TokenConfig & { readonly label: string };
  /** Replaces whatever was planned before. The first rule that applies to a call strikes. */
  plan(...rules: readonly Rule[]): void;
  /** Calls of this function so far, by all processes together. */
  calls(call: string): number;
}

/** Builds the shim into `dir` and puts it before the module of `token`. */
export function makeFaultShim(dir: string, token: FaultShim['token']): FaultShim {
  const module = join(dir, 'fault-shim.so');
  const planPath = join(dir, 'fault-shim.plan');
  const countersPath = join(dir, 'fault-shim.counters');
  execFileSync('cc', [...COMPILER_FLAGS, '-o', module, SOURCE, '-ldl']);
  const names = [...readFileSync(SOURCE, 'utf8').matchAll(/X\((C_\w+), \d\)/g)].map(([, name]) => name);
  writeFileSync(countersPath, Buffer.alloc(4 * names.length));
  writeFileSync(planPath, '');

  const calls = (call: string): number => {
    const index = names.indexOf(call);
    if (index < 0) throw new Error(`PKCS#11 has no ${call}`);
    return readFileSync(countersPath).readUInt32LE(4 * index);
  };
  const lineOf = ({ call, fault, skip = 0, times = 1 }: Rule): string => {
    const first = (call === '*' ? 0 : calls(call)) + skip + 1;
    return `${call} ${first} ${times === 'always' ? 0 : first + times - 1} ${fault}\n`;
  };
  return {
    token: {
      ...token,
      module,
      moduleEnvironment: {
        ...token.moduleEnvironment,
        FAULT_SHIM_MODULE: token.module,
        FAULT_SHIM_PLAN: planPath,
        FAULT_SHIM_COUNTERS: countersPath,
      },
    },
    plan(...rules) {
      writeFileSync(`${planPath}.new`, rules.map(lineOf).join(''));
      renameSync(`${planPath}.new`, planPath);
    },
    calls,
  };
}

/** Flags of CK_TOKEN_INFO (PKCS#11 2.40, section 3.2). */
export const USER_PIN_FINAL_TRY = 0x20000;
export const USER_PIN_LOCKED = 0x40000;
