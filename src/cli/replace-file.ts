import { renameSync, writeFileSync } from 'node:fs';

/** Writes a file beside its place and moves it there, so that whoever reads it finds the old text or the new one, whole. */
export function replaceFile(path: string, text: string, mode: number): void {
  const temporary = `${path}.new`;
  writeFileSync(temporary, text, { mode });
  renameSync(temporary, path);
}
