/**
 * What an issue is to carry besides its code. An issue does not keep the schema that raised it, so the schema writes
 * what messages need into the text of the issue, in these forms, and `toFindings` reads it back.
 */

/** What a section is called, the keys it takes, and in which of them a key that stands outside would be at home. */
export interface Takes {
  readonly noun: string
  readonly keys: readonly string[]
  readonly homes: ReadonlyMap<string, string>
}

const TAKES = ' takes: '
const HOME = ' → '

/** `a model takes: name, params`, then a line `apiKey → params` for each home. */
export function writeTakes({ noun, keys, homes }: Takes): string {
  return [`${noun}${TAKES}${keys.join(', ')}`, ...[...homes].map(home => home.join(HOME))].join('\n')
}

export function readTakes(message: string): Takes {
  const [first = '', ...rest] = message.split('\n')
  const [noun = '', keys = ''] = first.split(TAKES)
  const homes = rest.map(line => line.split(HOME)).map(([key = '', home = '']) => [key, home] as const)
  return { noun, keys: keys === '' ? [] : keys.split(', '), homes: new Map(homes) }
}

const FORM = ' | '

/** What the forms of a union are called: `a file | a URL`. */
export function writeForms(names: readonly string[]): string {
  return names.join(FORM)
}

export function readForms(message: string): string[] {
  return message.split(FORM)
}

const HINT = 'hint: '

/** What to write instead of a value of another type. */
export function writeHint(hint: string): string {
  return HINT + hint
}

/** The hint a schema gave, or `undefined` where the message is zod's own. */
export function readHint(message: string): string | undefined {
  return message.startsWith(HINT) ? message.slice(HINT.length) : undefined
}
