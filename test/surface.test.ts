import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CODES } from '../src/config/codes.ts'
import { ERROR_CODES } from '../src/errors.ts'
import { ROOT } from './helpers/agw.ts'

const MANIFEST = join(ROOT, 'oclif.manifest.json')

interface Flag {
  readonly type: string
  readonly options?: readonly string[]
  readonly default?: unknown
  readonly multiple?: boolean
  readonly env?: string
  readonly required?: boolean
  readonly helpValue?: string
}
interface Manifest {
  readonly commands: Readonly<
    Record<string, { readonly args: object; readonly flags: Readonly<Record<string, Flag>> }>
  >
}

/** What scripts rely on; a change here is made on purpose or not at all. */
describe('the public surface', () => {
  it.skipIf(!existsSync(MANIFEST))('commands, arguments and flags', () => {
    const { commands } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as Manifest
    const surface = Object.fromEntries(
      Object.entries(commands).map(([id, { args, flags }]) => [
        id.replaceAll(':', ' '),
        {
          args: Object.keys(args),
          flags: Object.fromEntries(
            Object.entries(flags).map(([name, flag]) => [
              name,
              [
                flag.type,
                flag.multiple ? 'multiple' : '',
                flag.options?.join('|') ?? '',
                flag.default ?? '',
                flag.env ?? '',
              ]
                .filter(part => part !== '')
                .join(' '),
            ]),
          ),
        },
      ]),
    )
    expect(surface).toMatchSnapshot()
  })

  it.skipIf(!existsSync(MANIFEST))('every command takes --json and --no-input', () => {
    const { commands } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as Manifest
    for (const [id, { flags }] of Object.entries(commands)) {
      expect(Object.keys(flags), id).toEqual(expect.arrayContaining(['json', 'no-input']))
    }
  })

  it.skipIf(!existsSync(MANIFEST))('every value has a word in the help text that says what it is', () => {
    const { commands } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as Manifest
    const bare = Object.entries(commands).flatMap(([id, { flags }]) =>
      Object.entries(flags).flatMap(([name, { type, options, helpValue }]) =>
        type === 'option' && options === undefined && helpValue === undefined ? [`${id} --${name}`] : [],
      ),
    )
    expect(bare).toEqual([])
  })

  it('exit codes', () => {
    expect(ERROR_CODES).toMatchSnapshot()
  })

  it('diagnostic codes', () => {
    expect(
      Object.fromEntries(Object.entries(CODES).map(([code, row]) => [code, row.severity])),
    ).toMatchSnapshot()
  })
})
