import { z } from 'zod';

/**
 * What people write and others read before they sign. Statements hold no control, format, private-use or
 * surrogate characters, because those can make a text show something else than it says.
 */
export const humanText = z
  .string()
  .min(1)
  .max(1000)
  .regex(/^[^\p{Cc}\p{Cf}\p{Co}\p{Cs}]*$/u, 'holds a control, format or private-use character, or a line break')
  .meta({ description: 'One line of Unicode text without control or format characters' });

/** `YYYY-MM-DDTHH:MM:SSZ`, as devices and statements have it. */
export const timeText = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'must be a time like 2027-01-31T00:00:00Z')
  .meta({ example: '2027-01-31T00:00:00Z' });

export const sha256Text = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'SHA-256, lower-case hex' });

export const requestIdText = z
  .string()
  .regex(/^req_[0-9a-z]{26}$/, 'must be a request id: req_ and 26 characters')
  .meta({ example: 'req_01j0000000000000000000000a' });

/** Armored, as `ssh-keygen -Y sign` writes it. */
export const sshsigText = z
  .string()
  .min(1)
  .max(16_384)
  .meta({ description: 'Armored SSH signature, as `ssh-keygen -Y sign` writes it' });
