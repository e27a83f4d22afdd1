const STANDARD_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The bytes of a standard base64 text (RFC 4648 section 4), or undefined if it is not the one text that encodes
 * them: other alphabets, missing padding, white space and set bits after the end (section 3.5) are not accepted,
 * so that nobody can change a signature's text without changing the signature.
 */
export function decodeBase64(text: string): Buffer | undefined {
  if (!STANDARD_BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
