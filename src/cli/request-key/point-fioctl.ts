/** What to do with a new keys file, for who has used fioctl with the Factory so far. */
export function howToPointFioctl({
  factory,
  file,
  gateway = 'https://ADDRESS-OF-THE-GATEWAY',
}: {
  readonly factory: string;
  readonly file: string;
  readonly gateway?: string | undefined;
}): string {
  return [
    '',
    'What to do next: point fioctl at Countersign, in its configuration file (fioctl.yaml):',
    '',
    `  factory: ${factory}`,
    '  token: YOUR-OWN-FACTORY-TOKEN',
    '  server:',
    `    url: ${gateway}`,
    '  extraheaders:',
    '    Prefer: wait=600   # seconds to wait for officers; without it the command is run again after they approved',
    '',
    `and give it ${file} wherever it wants your offline keys:`,
    '',
    `  fioctl waves init WAVE VERSION TAG -k ${file}`,
    '',
    'The file signs nothing that a device trusts. If it gets lost or into other hands: countersign request-key revoke.',
  ].join('\n');
}
