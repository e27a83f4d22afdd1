import { z } from 'zod';
import { sshsigText } from './text.js';

export const challengeBodySchema = z
  .strictObject({
    publicKey: z
      .string()
      .min(1)
      .max(8192)
      .meta({ description: 'OpenSSH public key line', example: 'ssh-ed25519 AAAA… alice' }),
  })
  .meta({ id: 'ChallengeQuestion' });

export const challengeSchema = z
  .object({
    challenge: z.string().meta({ description: 'To be signed as it is, namespace countersign-login-v1' }),
    expires: z.string(),
  })
  .meta({ id: 'Challenge' });
export type ChallengeWire = z.output<typeof challengeSchema>;

export const loginBodySchema = z
  .strictObject({ challenge: z.string().min(1).max(4096), sshsig: sshsigText })
  .meta({ id: 'Login' });

export const sessionSchema = z
  .object({ session: z.string().meta({ description: 'Bearer token' }), person: z.string(), expires: z.string() })
  .meta({ id: 'Session' });
export type SessionWire = z.output<typeof sessionSchema>;
