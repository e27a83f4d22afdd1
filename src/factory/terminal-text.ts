/**
 * Text from a document, made safe and unambiguous to print: what is not plain printable ASCII (so every
 * escape sequence, line break, bidirectional mark and look-alike letter) comes out as `\uXXXX`, and a text with
 * blanks or quotes in it is quoted, so that none can pose as the columns or lines around it.
 */
export function terminalText(text: string): string {
  if (/^[!#-&(-[\]-_a-~]+$/.test(text)) return text;
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
