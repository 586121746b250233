import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Run } from './agw.ts'

const RUNNER = fileURLToPath(new URL('runner.js', import.meta.url))

interface Call {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly input: string
}

/** Variables that Node and libraries read once: a process is for one set of them. */
const READ_ONCE = ['DEBUG', 'FORCE_COLOR', 'NODE_EXTRA_CA_CERTS', 'NO_COLOR', 'TERM']

/**
 * A process that runs commands of `agw` one after the other, each as if it were started for it alone: see runner.js. It
 * starts with the first command, anew after one that ended it and for other {@link READ_ONCE}, and ends with the tests.
 */
export class SharedProcess {
  #child: ChildProcess | undefined
  #for = ''
  #isBusy = false

  /** Commands that run at once need processes of their own. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  async run(call: Call): Promise<Run> {
    this.#isBusy = true
    try {
      const child = this.#childFor(call.env)
      if (child.exitCode !== null) throw new Error('a command before has ended the process after its answer')
      const { hasEnded, ...run } = await answer(child, call)
      if (hasEnded) this.#child = undefined
      return run
    } catch (error) {
      this.#child = undefined
      throw error
    } finally {
      this.#isBusy = false
    }
  }

  #childFor(env: NodeJS.ProcessEnv): ChildProcess {
    const fixed = Object.fromEntries(READ_ONCE.flatMap(name => (name in env ? [[name, env[name]]] : [])))
    if (this.#for !== JSON.stringify(fixed)) {
      if (this.#child?.connected) this.#child.disconnect()
      this.#child = undefined
    }
    this.#for = JSON.stringify(fixed)
    this.#child ??= startRunner(fixed)
    return this.#child
  }
}

function startRunner(env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, [RUNNER], { env, stdio: ['pipe', 'pipe', 'pipe', 'ipc'] })
  // It does not keep the tests from ending, and ends when they do.
  child.unref()
  child.channel?.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr])
    (stream as { unref?(): void } | null)?.unref?.()
  return child
}

/** What a command printed: up to the mark that stands at its end in both streams, or to the end of the process. */
function answer(child: ChildProcess, call: Call): Promise<Run & { readonly hasEnded: boolean }> {
  const end = `\n${randomUUID()}\n`
  const text = { stdout: '', stderr: '' }
  let told: number | undefined
  return new Promise((resolve, reject) => {
    const finish = (status: number | null, hasEnded: boolean): void => {
      child.off('message', hear).off('close', close).off('error', reject)
      for (const [name, take] of takes) child[name]?.off('data', take)
      const [stdout = '', stderr = ''] = [text.stdout, text.stderr].map(one => one.replace(end, ''))
      resolve({ status, stdout, stderr, hasEnded })
    }
    const look = (): void => {
      if (told !== undefined && text.stdout.endsWith(end) && text.stderr.endsWith(end)) finish(told, false)
    }
    const takes = (['stdout', 'stderr'] as const).map(name => {
      const take = (chunk: Buffer): void => {
        text[name] += chunk.toString()
        look()
      }
      return [name, take] as const
    })
    const hear = (message: unknown): void => {
      told = (message as { readonly status: number }).status
      look()
    }
    const close = (code: number | null): void => finish(code, true)
    child.on('message', hear).on('close', close).on('error', reject)
    for (const [name, take] of takes) child[name]?.on('data', take)
    child.send({ ...call, end })
  })
}
