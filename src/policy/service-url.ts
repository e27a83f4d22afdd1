/**
 * Whether a text may be a Factory's address: https, or http to this very machine (the sandbox), with no
 * credentials, query or fragment, and written the way `URL` writes it. The last rule leaves a URL one
 * spelling, so what an officer reads is where the requests go.
 */
export function isFactoryUrl(text: string): boolean {
  if (text.includes('?') || text.includes('#') || text.includes('@') || !URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.href !== text && url.href !== `${text}/`) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.[0-9]{1,3}){3}$/.test(hostname);
}
