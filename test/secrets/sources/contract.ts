import { describe, expect, test } from 'vitest'
import type { SourceKind, SourcePlaces } from '../../../src/config/agw/places.ts'
import { type Gathered, gather } from '../../../src/secrets/gather.ts'
import { MAX_SECRET_BYTES } from '../../../src/secrets/read.ts'
import { Secret } from '../../../src/secrets/secret.ts'
import type { SourceContext } from '../../../src/secrets/source.ts'
import type { ProblemCode, SourceProblem } from '../../../src/secrets/source-problem.ts'
import { loadSource } from '../../../src/secrets/sources/registry.ts'
import { afterEachTest } from '../../helpers/afterwards.ts'
import { unless } from '../../helpers/needs.ts'

/** A place where a source finds values, made for one test. */
export interface Place<K extends SourceKind> {
  readonly context: Omit<SourceContext, 'signal'>
  /** What agw.yaml says of an entry of that name. */
  where(name: string): SourcePlaces[K]
  /** Puts a value where the source finds it, by other means than the source's own. */
  put(name: string, value: string): void | Promise<void>
  /** Takes it away again, by other means. */
  take(name: string): void | Promise<void>
  /** Does something just before the next write arrives, where the place can refuse a write for it. */
  beforeWrite?(action: () => void): void
  /** From now on the login may read, and no more. */
  forbidWrites?(): void
}

export interface ContractOptions {
  /** What stands in for the real thing, where it does: part of the test's title. */
  readonly fake?: string
  /** Why it cannot run here. */
  readonly skip?: string | undefined
  /** The largest value the place itself takes; the test for huge values puts in 200 KiB unless told. */
  readonly largest?: number
  /** How it tells that nothing is there, where it cannot know: the code, `missing` unless told. */
  readonly missing?: ProblemCode
  /** The place itself refuses to keep an empty value. */
  readonly noEmpty?: boolean
}

const open: Disposable[] = []
afterEachTest(() => {
  for (const one of open.splice(0)) one[Symbol.dispose]()
})

/** What an outcome is in a word: the value, or the code of the problem. */
export function said({ outcome }: Gathered): string {
  return outcome instanceof Secret ? outcome.reveal() : outcome.code
}

export function problem(gathered: Gathered | undefined): SourceProblem {
  if (gathered === undefined || gathered.outcome instanceof Secret) throw new Error('there is a value')
  return gathered.outcome
}

/** The promises that every source keeps. */
export function contract<K extends SourceKind>(
  kind: K,
  make: () => Place<K> | Promise<Place<K>>,
  options: ContractOptions = {},
): void {
  const title = options.fake === undefined ? `the source ${kind}` : `the source ${kind}, on ${options.fake}`
  const missing = options.missing ?? 'missing'
  describe.skipIf(options.skip !== undefined)(title + unless(options.skip), () => {
    const entry = (place: Place<K>, name: string, timeoutMs?: number) => ({
      variable: name,
      kind,
      where: place.where(name),
      refreshMs: undefined,
      timeoutMs,
    })
    const read = async (place: Place<K>, ...names: string[]): Promise<string[]> => {
      const found = await gather(
        names.map(name => entry(place, name)),
        place.context,
      )
      return names.map(name => said(found.get(name) as Gathered))
    }

    test('reads a batch, and tells what is missing without hiding the rest', async () => {
      const place = await make()
      await place.put('ONE', 'sk-one-0123456789')
      await place.put('TWO', 'sk-two-0123456789')
      expect(await read(place, 'TWO', 'NONE', 'ONE')).toEqual([
        'sk-two-0123456789',
        missing,
        'sk-one-0123456789',
      ])
    })

    test('nothing there at all is missing; the message names variable and place, and what to do', async () => {
      const place = await make()
      const found = await gather([entry(place, 'NONE')], place.context)
      expect(problem(found.get('NONE'))).toMatchObject({
        code: missing,
        message: expect.stringMatching(/^NONE \(.+\): \S/),
        hint: expect.stringMatching(/\S{3,}/),
      })
    })

    test('what is changed three times and taken away is seen each time', async () => {
      const place = await make()
      for (const value of ['sk-first-0123456789', 'sk-second-0123456789', 'sk-third-0123456789']) {
        await place.put('KEY', value)
        expect(await read(place, 'KEY')).toEqual([value])
      }
      await place.take('KEY')
      expect(await read(place, 'KEY')).toEqual([missing])
    })

    test('signs of all kinds come through, and one line end at the end does not', async () => {
      const place = await make()
      const value = `sk-+/=_.~'"\\$&#:{}[] é ✓ end`
      await place.put('KEY', value)
      await place.put('LINE', `${value}\n`)
      expect(await read(place, 'KEY', 'LINE')).toEqual([value, value])
    })

    test.skipIf(options.noEmpty)('an empty value is none', async () => {
      const place = await make()
      await place.put('KEY', '')
      expect(await read(place, 'KEY')).toEqual(['empty'])
    })

    test('a value that is far too large is refused, never cut; one that the place takes is read', async () => {
      const place = await make()
      const huge = 'k'.repeat(options.largest ?? 200 * 1024)
      await place.put('KEY', huge)
      const [outcome] = await read(place, 'KEY')
      expect(outcome === huge && huge.length <= MAX_SECRET_BYTES ? 'too-large' : outcome).toBe('too-large')
    })

    test('neither values nor problems print, and a place holds no value', async () => {
      const place = await make()
      await place.put('KEY', 'sk-canary-0123456789')
      const found = await gather([entry(place, 'KEY'), entry(place, 'NONE')], place.context)
      expect(JSON.stringify([...found])).not.toContain('canary')
      expect(found.get('KEY')?.described).toBe((await loadSource(kind)).describe(place.where('KEY')))
    })

    test('what it stores it reads, and what it removes is gone', async () => {
      const place = await make()
      const source = await loadSource(kind)
      if (source.store === undefined || source.remove === undefined) {
        expect(source.instead?.(entry(place, 'KEY')), 'what to do instead').toMatch(/\S \S/)
        return
      }
      const one = entry(place, 'KEY')
      for (const value of ['sk-first-0123456789', `sk-+/=_.~'\\$&#:{}[] second`]) {
        expect(await source.store(one, new Secret(value), place.context)).toMatchObject({ changed: true })
        expect(await read(place, 'KEY')).toEqual([value])
        expect(await source.store(one, new Secret(value), place.context)).toMatchObject({ changed: false })
      }
      await source.store(entry(place, 'OTHER'), new Secret('sk-other-0123456789'), place.context)
      expect(await source.remove(one, place.context)).toMatchObject({ changed: true })
      expect(await source.remove(one, place.context)).toMatchObject({ changed: false })
      expect(await read(place, 'KEY', 'OTHER')).toEqual([missing, 'sk-other-0123456789'])
    })

    test('what somebody else changes in between is not lost: the write is refused', async () => {
      const place = await make()
      const source = await loadSource(kind)
      if (source.store === undefined || place.beforeWrite === undefined) return
      const one = entry(place, 'KEY')
      await source.store(one, new Secret('sk-first-0123456789'), place.context)
      place.beforeWrite(() => void place.put('OTHER', 'sk-other-0123456789'))
      await expect(
        source.store(one, new Secret('sk-second-0123456789'), place.context),
      ).rejects.toMatchObject({
        code: 'CONFIG_CHANGED',
        hint: expect.stringMatching(/again/),
      })
      expect(await read(place, 'KEY', 'OTHER')).toEqual(['sk-first-0123456789', 'sk-other-0123456789'])
    })

    test('a login that may not write is told so, without the value, and nothing changes', async () => {
      const place = await make()
      const source = await loadSource(kind)
      if (source.store === undefined || source.remove === undefined || place.forbidWrites === undefined)
        return
      const one = entry(place, 'KEY')
      await source.store(one, new Secret('sk-first-0123456789'), place.context)
      place.forbidWrites()
      for (const attempt of [
        () => source.store?.(one, new Secret('sk-canary-0123456789'), place.context),
        () => source.remove?.(one, place.context),
      ]) {
        const error: unknown = await Promise.resolve(attempt()).then(
          () => undefined,
          failed => failed,
        )
        expect(error).toMatchObject({
          code: 'SECRET_UNREADABLE',
          message: expect.stringMatching(/not let this login write it/),
          hint: expect.stringMatching(/right/),
        })
        expect(JSON.stringify(error) + String(error)).not.toContain('canary')
      }
      expect(await read(place, 'KEY')).toEqual(['sk-first-0123456789'])
    })

    test('where it watches, it tells of three changes in a row', async () => {
      const place = await make()
      const { watch } = await loadSource(kind)
      if (watch === undefined) return
      await place.put('KEY', 'sk-0-0123456789')
      let told: () => void = () => undefined
      open.push(watch([entry(place, 'KEY')], () => told(), place.context))
      for (const value of ['sk-1-0123456789', 'sk-2-0123456789', 'sk-3-0123456789']) {
        const change = new Promise<void>(resolve => {
          told = resolve
        })
        await place.put('KEY', value)
        await change
      }
    })

    test('says whether it can be used', async () => {
      const place = await make()
      const { probe } = await loadSource(kind)
      if (probe === undefined) return
      expect(await probe(place.context)).toMatchObject({ ok: true, detail: expect.stringMatching(/\S/) })
    })
  })
}
