import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cleanEnv } from './agw.ts'
import { SCRIPT } from './needs.ts'

/** How each shell is started without anybody's own settings, and how it shows the words that a command is given. */
const SHELLS = {
  bash: {
    start: 'bash --norc --noprofile -i',
    show: `PS1=; agw() { printf '\\nGOT%s\\n' "$(printf '<%s>' "$@")"; }`,
  },
  zsh: { start: 'zsh -f -i', show: `PS1=; agw() { printf '\\nGOT%s\\n' "$(printf '<%s>' "$@")" }` },
  fish: {
    start: 'fish --no-config -i',
    show: `function agw; printf '\\nGOT%s\\n' (printf '<%s>' $argv | string collect); end`,
  },
} as const

/**
 * Types each line into a shell in a terminal, then the tab key and return; gives the words that `agw` is called with.
 */
export async function typedInto(
  shell: keyof typeof SHELLS,
  script: string,
  lines: readonly string[],
  folder: string,
): Promise<string[][]> {
  const { start, show } = SHELLS[shell]
  const file = join(folder, `completion.${shell}`)
  await writeFile(file, `${script}\n${show}\n`)
  const child = spawn(SCRIPT, ['-qfec', start, '/dev/null'], {
    cwd: folder,
    env: { ...cleanEnv(folder), TERM: 'dumb' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
  })
  child.stdin.end([`source ${file}`, ...lines.map(line => `${line}\t`), 'exit', ''].join('\n'))
  await new Promise(resolve => child.on('close', resolve))
  return [...shown.matchAll(/^GOT<(.*)>\r*$/gm)].map(([, words = '']) => words.split('><'))
}
