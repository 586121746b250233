import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FormIndex, type Found } from '../../src/secrets/form-index.ts'

function indexOf(forms: readonly string[]): FormIndex {
  const index = new FormIndex((owner, text) => forms[owner] === text)
  for (const [owner, form] of forms.entries()) index.add(form, owner)
  return index
}

/** The same by trying every form at every place. */
function tried(forms: readonly string[], text: string): string[] {
  const found: string[] = []
  for (let at = 0; at < text.length; ) {
    const here = forms.filter(form => text.startsWith(form, at)).sort((a, b) => b.length - a.length)[0]
    if (here !== undefined) found.push(`${at} ${here}`)
    at += here?.length ?? 1
  }
  return found
}

test.each([
  ['at first', 0],
  ['once its table has grown', 100],
  ['once it is as large as it gets', 300],
])('finds what trying every form at every place finds: %s', (_, others) => {
  const filling = Array.from({ length: others }, (_, at) => `another-${at}`)
  const letters = fc.constantFrom('a', 'b', '\0', '\uffff')
  const form = fc.string({ unit: letters, minLength: 8, maxLength: 12 })
  fc.assert(
    fc.property(
      fc.uniqueArray(form, { maxLength: 200 }),
      fc.array(fc.nat()),
      form,
      (forms, order, between) => {
        const text = order.map(at => (forms[at % forms.length] ?? '') + between.slice(0, at % 9)).join('')
        const found = [...indexOf([...forms, ...filling]).find(text)]
        const shown = ({ start, end, owner }: Found): string => {
          expect(text.slice(start, end)).toBe(forms[owner])
          return `${start} ${forms[owner]}`
        }
        expect(found.map(shown)).toEqual(tried(forms, text))
      },
    ),
  )
})

test('a form is found where a longer one begins as it does, and breaks off', () => {
  const index = indexOf(['token-12345', 'token-1234567890123456'])
  expect([...index.find('a token-12345678901234 b')]).toEqual([{ start: 2, end: 13, owner: 0 }])
})

test('a text that only has the hash of a form is none', () => {
  const index = new FormIndex(() => false)
  index.add('token-12345', 0)
  expect([...index.find('token-12345')]).toEqual([])
})

test('a form with the hash of another is found too', () => {
  const asked: number[] = []
  const index = new FormIndex(owner => {
    asked.push(owner)
    return owner === 1
  })
  index.add('token-12345', 0)
  index.add('token-12345', 1)
  expect([...index.find('a token-12345')]).toEqual([{ start: 2, end: 13, owner: 1 }])
  expect(asked).toEqual([0, 1])
})

test('what is too short to be looked for is refused', () => {
  expect(() => indexOf(['1234567'])).toThrow(RangeError)
})
