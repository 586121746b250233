import { join, resolve } from 'node:path'
import { shellWord } from '../suggested.ts'

/** Whether a command takes `--file`; `words` are what follows `agw`. */
export type TakesFile = (words: readonly string[]) => boolean

/** What has to be typed so that a command finds the config again: nothing where it would find it by itself. */
export function namedAs(
  file: string | undefined,
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): string | undefined {
  // What came in by a pipe has no name: whoever types the command knows where it lies.
  if (file === '-') return 'PATH'
  const found = env['AGW_CONFIG'] ? resolve(cwd, env['AGW_CONFIG']) : join(cwd, 'config.yaml')
  return file === undefined || resolve(cwd, file) === found ? undefined : file
}

/** The text with the config named in each command that it suggests, where the command takes one and names none. */
export function namingConfig(text: string, config: string | undefined, takesFile: TakesFile): string {
  if (config === undefined) return text
  return text.replace(/`agw ([^`]+)`/g, (whole, command: string) => {
    if (/ (?:--file|-f)\b/.test(command) || !takesFile(command.split(' '))) return whole
    const [own = '', ...rest] = command.split(/(?= -- )/)
    return `\`agw ${own} --file ${shellWord(config)}${rest.join('')}\``
  })
}
