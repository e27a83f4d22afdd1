/**
 * What an officer types to confirm that the statement on the screen is the one being signed: the first
 * eight hex digits of its SHA-256, as `abcd-1234`. A guard against mistakes, not a proof.
 */
export function shortCode(statementSha256: string): string {
  return `${statementSha256.slice(0, 4)}-${statementSha256.slice(4, 8)}`;
}
