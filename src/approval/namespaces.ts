/**
 * SSHSIG namespaces, one for each thing that an officer's key signs here. A signature made for one of
 * them is nothing under another, so an approval cannot be presented as a rejection or a sign-in.
 */
export const NAMESPACES = {
  /** Over the bytes of a statement. */
  approve: 'countersign-approve-v1',
  /** Over a rejection (`encodeRejection`). */
  reject: 'countersign-reject-v1',
  /** Over the canonical text of a policy's `signed` member. */
  policy: 'countersign-policy-v1',
  /** Over a login challenge (`encodeLoginChallenge`). */
  login: 'countersign-login-v1',
  /** Over the canonical text of a recovery of the signer's journal. */
  recover: 'countersign-recover-v1',
} as const;

export type Namespace = (typeof NAMESPACES)[keyof typeof NAMESPACES];
