import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SourceKind } from '../../src/config/agw/places.ts'
import { fingerprint } from '../../src/secrets/secret.ts'
import type { Setting } from '../secrets/sources/settings.ts'
import { PASS, TURNING, type TurningSource } from '../secrets/sources/turning.ts'
import { agw, type Run, tempFolder } from './agw.ts'
import { keyLike } from './keys.ts'
import { unless } from './needs.ts'

/** What may be wrong with any source. */
export const CONDITIONS = [
  'missing',
  'empty',
  'locked',
  'slow',
  'of the wrong type',
  'huge',
  'rotated three times',
  'removed',
] as const
export type Condition = (typeof CONDITIONS)[number]

/** A source in a certain state, what is said of it, and why that cannot be made here. */
export type Says = readonly [
  message: RegExp,
  make: (folder: string) => Setting | Promise<Setting>,
  skip?: string | undefined,
]

/** A condition that this source cannot be in, or that is tested elsewhere. */
export interface Not {
  readonly not: string
}
export const not = (why: string): Not => ({ not: why })

/** `rotated` and `removed` follow the same source through its life: here stands what is said when it is removed. */
export interface SourceRows {
  readonly says: Readonly<
    Record<Exclude<Condition, 'rotated three times' | 'removed'>, Says | Not> & { [more: string]: Says | Not }
  >
  readonly removed: RegExp
}

const title = (source: string, condition: string, skip?: string): string =>
  `${source}, ${condition}${unless(skip)}`

/** Tests what is said of some kinds of sources in every condition. */
export function sourceMatrix(matrix: Partial<Record<SourceKind, SourceRows>>): void {
  for (const [kind, { says, removed }] of Object.entries(matrix) as [SourceKind, SourceRows][]) {
    describe(kind, () => {
      for (const [condition, cell] of Object.entries(says)) {
        if ('not' in cell) it.skip(`${title(kind, condition)} (does not apply: ${cell.not})`)
        else {
          const [message, make, skip] = cell
          it.skipIf(skip !== undefined)(title(kind, condition, skip), async () =>
            saysWhatIsWrong(message, await tempFolder(), make),
          )
        }
      }
      turnsAndGoes(kind, TURNING[kind], removed)
    })
  }
}

/** `pass` is a program that people have, so it is followed too. */
export const passGoes = (): void => turnsAndGoes('exec of pass', PASS, /ended with status 1/)

function turnsAndGoes(name: string, { on, skip, make }: TurningSource, removed: RegExp): void {
  const all = on === undefined ? name : `${name} (${on})`
  it.skipIf(skip !== undefined)(title(all, 'rotated three times, then removed', skip), async () => {
    const folder = await tempFolder()
    const { end, ...source } = await make(folder)
    write(folder, source)
    try {
      for (const word of ['one', 'two', 'three']) {
        const key = keyLike('openai', `matrix ${word}`)
        await source.turn(key)
        const { status, stdout, stderr } = await run(['keys', 'list', '--json'], folder, source)
        expect(status, stderr).toBe(0)
        expect(stdout).toContain(fingerprint(key))
        expect(stdout + stderr).not.toContain(key)
      }
      await source.take()
      refuses(await run(['test-route', '--model', 'm', '--json'], folder, source), removed)
    } finally {
      await end?.()
    }
  })
}

async function saysWhatIsWrong(message: RegExp, folder: string, make: Says[1]): Promise<void> {
  const { end, ...setting } = await make(folder)
  write(folder, setting)
  const ran = await run(['test-route', '--model', 'm', '--json'], folder, setting)
  await end?.()
  refuses(ran, message)
}

function refuses({ status, stdout, stderr }: Run, message: RegExp): void {
  const { error } = JSON.parse(stdout)
  expect(error).toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(/\S{3}/),
  })
  expect(error.message).toMatch(/^config\.yaml:5:23: A_KEY \(/)
  expect(status).toBe(4)
  expect(stdout + stderr).not.toMatch(/canary/)
  // Nor do libraries speak up.
  expect(stderr).not.toMatch(/\(node:\d+\)/)
}

function write(folder: string, { entry, sources }: Setting): void {
  writeFileSync(
    join(folder, 'config.yaml'),
    'llm:\n  models:\n  - name: m\n    provider: openAI\n    params: {apiKey: "$A_KEY"}\n',
  )
  const more = sources === undefined ? '' : `sources: ${sources}\n`
  writeFileSync(join(folder, 'agw.yaml'), `secrets:\n  A_KEY: ${entry}\n${more}`)
}

function run(args: readonly string[], cwd: string, { env }: Setting): Promise<Run> {
  return agw(args, { cwd, env: { AGW_TRUST: '1', ...env } })
}
