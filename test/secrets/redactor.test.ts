import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Redactor } from '../../src/secrets/redactor.ts'
import { fingerprint, Secret } from '../../src/secrets/secret.ts'

const key = 'sk-proj-4fT+/é"\\ x&=~!'
const mark = `[redacted ${fingerprint(key).split(' ').at(-1)}]`

function redactorOf(...secrets: string[]): Redactor {
  const redactor = new Redactor()
  for (const secret of secrets) redactor.add(secret)
  return redactor
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '/': '&#x2F;',
}

/** As JavaScriptEncoder.Default writes it: only what is harmless in HTML stays, short escapes are those of JSON. */
function netJson(value: string, inCase: (hex: string) => string): string {
  const coded = (sign: string): string => `\\u${inCase(sign.charCodeAt(0).toString(16).padStart(4, '0'))}`
  return value.replace(/[\\]|[^ -~]|["&'+<>`]/g, sign => (sign === '\\' ? '\\\\' : coded(sign)))
}

/** How a value may be found in a text, made by other means than the redactor's own. */
const encodings: Record<string, (value: string) => string> = {
  raw: value => value,
  'URL component': encodeURIComponent,
  'URL form': value => String(new URLSearchParams({ k: value })).slice(2),
  'lower-case escapes': value => encodeURIComponent(value).replace(/%../g, escaped => escaped.toLowerCase()),
  JSON: value => JSON.stringify(value).slice(1, -1),
  'JSON in JSON': value => JSON.stringify(JSON.stringify(value)).slice(3, -3),
  'JSON with escaped slashes': value => JSON.stringify(value).slice(1, -1).replaceAll('/', '\\/'),
  'JSON of .NET': value => netJson(value, text => text.toUpperCase()),
  'JSON of .NET in lower case': value => netJson(value, text => text.toLowerCase()),
  'JSON that is safe in HTML': value =>
    JSON.stringify(value)
      .slice(1, -1)
      .replace(/[<>&]/g, sign => `\\u00${sign.charCodeAt(0).toString(16)}`),
  'entities of HTML': value =>
    value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  'entities with a slash and a quote': value => value.replace(/[&<>"'/]/g, sign => ENTITIES[sign] ?? sign),
  'entities by number': value => value.replace(/[^\w]/gu, sign => `&#${sign.codePointAt(0)};`),
  'entities by padded number': value => value.replace(/[^\w]/gu, sign => `&#0${sign.codePointAt(0)};`),
  'entities by hexadecimal number': value =>
    value.replace(/[+/&=<>'"]/g, sign => `&#x${sign.charCodeAt(0).toString(16).toUpperCase()};`),
  'entities by hexadecimal number in lower case': value =>
    value.replace(/[+/&=<>'"]/g, sign => `&#x${sign.charCodeAt(0).toString(16)};`),
  'UTF-16, as bytes': value => [...value].map(sign => `${sign}\0`).join(''),
  'UTF-16 in the other order, as bytes': value => [...value].map(sign => `\0${sign}`).join(''),
  base64: value => Buffer.from(value).toString('base64'),
  'base64 after one byte': value => Buffer.from(`:${value}`).toString('base64'),
  'base64 after two bytes': value => Buffer.from(`u:${value}@`).toString('base64'),
  'base64 of user:key': value => Buffer.from(`user:${value}`).toString('base64'),
  base64url: value => Buffer.from(value).toString('base64url'),
  'base64url in the middle': value => Buffer.from(`a:${value}\n`).toString('base64url'),
}

/** What of an encoded value may not be seen: all but the edge characters of base64, which neighbours share. */
function core(encoding: string, text: string): string {
  return encoding.startsWith('base64') ? text.replace(/=*$/, '').slice(4, -4) : text
}

describe('Redactor', () => {
  test.each(Object.keys(encodings))('finds a secret as %s', encoding => {
    const encoded = encodings[encoding]?.(key) ?? ''
    const shown = redactorOf(key).redact(`before ${encoded} after`)
    expect(shown).toContain('before ')
    expect(shown).toContain(' after')
    expect(shown).toContain(mark)
    expect(shown).not.toContain(core(encoding, encoded))
  })

  const texts: [what: string, secrets: string[], text: string, shown: RegExp][] = [
    ['every occurrence', ['secret-one'], 'secret-one,secret-one', /^\[redacted \S+\],\[redacted \S+\]$/],
    [
      'the longest of those that start alike',
      ['token-12', 'token-12345'],
      'token-12345',
      /^\[redacted \S+\]$/,
    ],
    [
      'a longer one that was made known later',
      ['token-12345', 'token-12'],
      'token-12345.',
      /^\[redacted \S+\]\.$/,
    ],
    ['what looks like a pattern', ['a.*b$(c)[d]'], 'a.*b$(c)[d] axxb', /^\[redacted \S+\] axxb$/],
    ['not what is too short', ['short'], 'short', /^short$/],
    ['without white space around it', ['  padded-key\n'], 'x padded-key y', /^x \[redacted \S+\] y$/],
    ['nothing known', [], 'a text', /^a text$/],
  ]
  test.each(texts)('%s', (_, secrets, text, shown) => {
    expect(redactorOf(...secrets).redact(text)).toMatch(shown)
  })

  test('takes Secrets, and the mark is safe in JSON and URLs', () => {
    const redactor = new Redactor()
    redactor.add(new Secret('sk-0123456789', 'file "odd\\name"'))
    const shown = JSON.parse(redactor.redact('{"a":"sk-0123456789"}'))
    expect(shown.a).toMatch(/^\[redacted sha256:[0-9a-f]{8}\]$/)
  })

  test('a secret that is also a form of another is known by itself too', () => {
    const inner = 'first-secret'
    const outer = Buffer.from(inner).toString('base64')
    const redactor = redactorOf(inner, outer)
    expect(redactor.redact(encodeURIComponent(`${outer}/`))).not.toContain(outer)
    expect(redactor.redact(Buffer.from(outer).toString('base64'))).toMatch(/^\[redacted/)
  })
})

describe('a redaction stream', () => {
  test.each(Object.keys(encodings))('%s: no split point lets a secret through', encoding => {
    const encoded = encodings[encoding]?.(key) ?? ''
    const text = `--${encoded}--${encoded.slice(0, -1)}`
    const redactor = redactorOf(key, 'another-secret')
    const whole = redactor.redact(text)
    expect(redactor.redact(`--${encoded}--`)).not.toContain(core(encoding, encoded))
    for (let split = 0; split <= text.length; split += 1) {
      const stream = redactor.stream()
      const shown = stream.push(text.slice(0, split)) + stream.push(text.slice(split)) + stream.end()
      expect(shown).toBe(whole)
    }
  })

  test('however a text is cut, it comes out as it would in one piece', () => {
    const alphabet = fc.constantFrom('a', 'b', 'ab', '"', '+', '/')
    const secret = fc.string({ unit: alphabet, minLength: 8, maxLength: 12 })
    const gap = fc.string({ unit: alphabet, maxLength: 12 })
    const pieces = fc.array(fc.tuple(gap, fc.nat(), fc.constantFrom(...Object.values(encodings))), {
      maxLength: 6,
    })
    const cuts = fc.array(fc.nat({ max: 9 }), { minLength: 1 })
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 5 }),
        pieces,
        cuts,
        (secrets, parts, lengths) => {
          const redactor = redactorOf(...secrets)
          const text = parts
            .map(([before, which, encode]) => before + encode(secrets[which % secrets.length] ?? ''))
            .join('')
          const stream = redactor.stream()
          let shown = ''
          let at = 0
          for (let turn = 0; at < text.length; turn += 1) {
            const length = (lengths[turn % lengths.length] ?? 0) + (turn % 2)
            shown += stream.push(text.slice(at, at + length))
            at += length
          }
          shown += stream.end()
          expect(shown).toBe(redactor.redact(text))
          for (const one of secrets) expect(shown).not.toContain(one.trim())
        },
      ),
    )
  })

  test('what cannot begin a secret is passed on at once, and no more is held back than must be', () => {
    const stream = redactorOf('sk-secret-1').stream()
    expect(stream.push('data: hello\n\n')).toBe('data: hello\n\n')
    expect(stream.push('password s')).toBe('password ')
    expect(stream.push('k-secret')).toBe('')
    expect(stream.push('s are safe')).toBe('sk-secrets are safe')
    expect(stream.push('sk-secret-')).toBe('')
    expect(stream.end()).toBe('sk-secret-')
  })

  test('a secret is known to a stream that is open already', () => {
    const redactor = redactorOf()
    const stream = redactor.stream()
    expect(stream.push('a')).toBe('a')
    redactor.add('sk-secret-1')
    expect(stream.push('sk-secret-1') + stream.end()).toMatch(/^\[redacted/)
  })
})

test('the keys of many clients, which begin alike, are told apart', () => {
  const keyOf = (client: number): string => `vk-team-${client}-4fTq9`
  const redactor = redactorOf(...Array.from({ length: 20_000 }, (_, client) => keyOf(client)))
  const markOf = (client: number): string => `[redacted ${fingerprint(keyOf(client)).split(' ').at(-1)}]`
  const text = (first: string, last: string): string =>
    `{"key":"${first}","other":"vk-team-x","basic":"${last}"}`
  expect(redactor.redact(text(keyOf(0), keyOf(19_999)))).toBe(text(markOf(0), markOf(19_999)))
  expect(redactor.redact(text(keyOf(20_000), 'none'))).toBe(text(keyOf(20_000), 'none'))
})

test('a text full of beginnings of keys is searched in one pass', () => {
  // Keys of 500 lengths: to look at each as a whole at every place would take minutes.
  const redactor = redactorOf(
    ...Array.from({ length: 500 }, (_, more) => `sk-proj-${'x7Qa'.repeat(10)}${'z'.repeat(more)}`),
  )
  const text = 'sk-proj-'.repeat(250_000)
  expect(redactor.redact(text)).toBe(text)
})
