/** Reads ask for something and change nothing. */
export function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}
