import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { ROOT } from './agw.ts'

/** What the program says of its commands. */
export const manifest = JSON.parse(await readFile(join(ROOT, 'oclif.manifest.json'), 'utf8')) as {
  readonly commands: Readonly<
    Record<
      string,
      {
        readonly flags: Readonly<Record<string, { readonly type: string; readonly options?: string[] }>>
        readonly examples?: string[]
        readonly args: Readonly<Record<string, { readonly required?: boolean }>>
      }
    >
  >
}

/** Commands of a text, in which every flag must be one that the command has. */
export function expectKnownFlags(text: string, times: number): void {
  const calls = [...text.matchAll(/\bagw ((?:[a-z]+(?:-[a-z]+)* ?)+)([^\n|>`]*)/g)]
  expect(calls.length).toBeGreaterThanOrEqual(times)
  for (const [call, words = '', rest = ''] of calls) {
    const [topic = '', name = ''] = words.trim().split(' ')
    const command = manifest.commands[`${topic}:${name}`] ?? manifest.commands[topic]
    for (const [, flag = '', value] of `${words}${rest}`.matchAll(/--([a-z-]+)(?:[= ]([A-Za-z]+))?/g)) {
      expect(Object.keys(command?.flags ?? {}), call).toContain(flag)
      const options = command?.flags[flag]?.options
      // `--method M` stands for any.
      if (options !== undefined && !/^[A-Z]+$/.test(value ?? '')) expect(options, call).toContain(value)
    }
  }
}
