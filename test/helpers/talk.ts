import { spawn } from 'node:child_process'
import { BIN, cleanEnv } from './agw.ts'
import { SCRIPT } from './needs.ts'

/** What a person sees and types: each answer is given once its question stands on the screen. */
export function talk(
  folder: string,
  args: readonly string[],
  answers: readonly (readonly [RegExp, string])[],
  TERM = 'xterm',
  early?: string,
  columns = 80,
) {
  const command = `stty cols ${columns}; ${[process.execPath, BIN, ...args].map(word => `'${word}'`).join(' ')}`
  const child = spawn(SCRIPT, ['-qec', command, '/dev/null'], {
    cwd: folder,
    env: cleanEnv(folder, { TERM }),
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  let screen = ''
  let seen = 0
  const left = [...answers]
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString()
    const [question, answer] = left[0] ?? []
    const found = question?.exec(screen.slice(seen))
    if (found == null || answer === undefined) return
    seen = screen.length
    left.shift()
    setTimeout(() => child.stdin.write(answer), 100)
  })
  if (early !== undefined) child.stdin.write(early)
  return new Promise<{ status: number | null; screen: string }>(resolve => {
    child.on('close', status => resolve({ status, screen }))
  })
}
