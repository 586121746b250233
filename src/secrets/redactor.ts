import { fingerprint, Secret } from './secret.ts'

/** Redacts bytes that come in pieces; all others come out as they are. */
export interface ByteRedactionStream {
  push(chunk: Buffer): Buffer
  end(): Buffer
}

/** Redacts a text that comes in pieces. */
export interface RedactionStream {
  /** What can be shown by now; it may be shorter or longer than the chunk. */
  push(chunk: string): string
  /** What is left. */
  end(): string
}

/** Shorter values would take ordinary words out of texts. Characters. */
const MIN_LENGTH = 8

/**
 * Takes known secrets out of texts by their value, wherever they stand: raw, URL-encoded, JSON-escaped, with entities of HTML, in base64
 * (also in the middle of longer base64) and in the bytes of UTF-16. Each is replaced by `[redacted sha256:1a2b3c4d]`. Of forms that start at the
 * same place the longest is taken. Values shorter than 8 characters are not known.
 */
export class Redactor {
  readonly #known = new Set<string>()
  /** Form → what takes its place. */
  readonly #marks = new Map<string, string>()
  #pattern: RegExp | undefined
  #longest = 0
  readonly #byFirst = new Map<string, string[]>()
  readonly #markOf: (value: string) => string

  /** `markOf` says what takes the place of a value; it must not hold the value. */
  constructor(markOf: (value: string) => string = withHash) {
    this.#markOf = markOf
  }

  /** Makes a secret known, from now on. */
  add(secret: Secret | string): void {
    const value = (secret instanceof Secret ? secret.reveal() : secret).trim()
    if (value.length < MIN_LENGTH || this.#known.has(value)) return
    this.#known.add(value)
    const mark = this.#markOf(value)
    for (const form of formsOf(value)) {
      if (this.#marks.has(form)) continue
      this.#marks.set(form, mark)
      const first = form.slice(0, 1)
      const alike = this.#byFirst.get(first)
      if (alike === undefined) this.#byFirst.set(first, [form])
      else alike.push(form)
      this.#longest = Math.max(this.#longest, form.length)
    }
    this.#pattern = undefined
  }

  redact(text: string): string {
    if (this.#marks.size === 0) return text
    return text.replace(this.#compiled(), form => this.#marks.get(form) ?? '[redacted]')
  }

  /** Where known secrets stand, from the first on, each with what would take its place. Offsets; `end` is exclusive. */
  find(text: string): { readonly start: number; readonly end: number; readonly mark: string }[] {
    if (this.#marks.size === 0) return []
    return [...text.matchAll(this.#compiled())].map(({ 0: form, index: start }) => ({
      start,
      end: start + form.length,
      mark: this.#marks.get(form) ?? '',
    }))
  }

  /** A redactor for one stream: it holds back what may be the start of a secret, at most the longest form less one. */
  stream(): RedactionStream {
    let held = ''
    return {
      push: chunk => {
        const [shown, rest] = this.#split(held + chunk)
        held = rest
        return shown
      },
      end: () => {
        const shown = this.redact(held)
        held = ''
        return shown
      },
    }
  }

  /** The same for output in any encoding: each byte is taken for one character. */
  byteStream(): ByteRedactionStream {
    const stream = this.stream()
    return {
      push: chunk => Buffer.from(stream.push(chunk.toString('latin1')), 'latin1'),
      end: () => Buffer.from(stream.end(), 'latin1'),
    }
  }

  /** Redacts as far as later text cannot change the outcome; the rest starts where a form may have begun. */
  #split(text: string): [shown: string, rest: string] {
    if (this.#marks.size === 0) return [text, '']
    const pattern = this.#compiled()
    let shown = ''
    let at = 0
    for (;;) {
      const open = this.#openForm(text, at)
      pattern.lastIndex = at
      const match = pattern.exec(text)
      if (match === null || match.index >= open) return [shown + text.slice(at, open), text.slice(open)]
      shown += text.slice(at, match.index) + this.#marks.get(match[0])
      at = match.index + match[0].length
    }
  }

  /** The first place from `from` on where the text ends inside a form; its length when there is none. */
  #openForm(text: string, from: number): number {
    for (let at = Math.max(from, text.length - this.#longest + 1); at < text.length; at += 1) {
      const forms = this.#byFirst.get(text.charAt(at))
      if (forms === undefined) continue
      const tail = text.slice(at)
      if (forms.some(form => form.length > tail.length && form.startsWith(tail))) return at
    }
    return text.length
  }

  /** One alternation, longest form first: the engine looks for all of them in one pass (2 ms for 1 MB, 50 secrets). */
  #compiled(): RegExp {
    this.#pattern ??= new RegExp(
      [...this.#marks.keys()]
        .sort((a, b) => b.length - a.length)
        .map(form => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
        .join('|'),
      'g',
    )
    return this.#pattern
  }
}

function withHash(value: string): string {
  return `[redacted ${fingerprint(value).split(' ').at(-1)}]`
}

/** How a value may look in a text. */
function formsOf(value: string): Set<string> {
  const json = JSON.stringify(value).slice(1, -1)
  const url = new URLSearchParams([['', value]]).toString().slice(1)
  const component = url
    .replaceAll('+', '%20')
    .replace(/%(?:21|27|28|29|7E)/g, escaped => String.fromCharCode(Number.parseInt(escaped.slice(1), 16)))
  const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, escaped => escaped.toLowerCase())
  return new Set([
    value,
    ...jsonForms(value),
    ...entityForms(value),
    json.replaceAll('/', '\\/'),
    JSON.stringify(json).slice(1, -1),
    url,
    lower(url),
    component,
    lower(component),
    // Where bytes are searched, a letter beyond ASCII is two characters.
    Buffer.from(value, 'utf8').toString('latin1'),
    // And in UTF-16 each is two, in either order.
    Buffer.from(value, 'utf16le').toString('latin1'),
    Buffer.from(value, 'utf16le').swap16().toString('latin1'),
    ...base64Forms(value),
  ])
}

const SPECIAL = new Set('+/&<>"\'=`')
/** Of this many different signs every choice is known; a value with more is known with all of them escaped, or none. */
const MOST_CHOSEN = 5

/** Which signs a writer may escape though it need not, for the sake of HTML: they differ, so every choice is one. */
function choicesOf(value: string): string[] {
  const signs = [...new Set(value)].filter(sign => SPECIAL.has(sign))
  if (signs.length > MOST_CHOSEN) return ['', signs.join(''), '<>&', '<>&"', '<>&"\'']
  let choices = ['']
  for (const sign of signs) choices = choices.flatMap(chosen => [chosen, chosen + sign])
  return choices
}

type Write = (sign: string) => string

const BOTH_CASES: readonly Write[] = [hex => hex.toLowerCase(), hex => hex.toUpperCase()]

/** JSON as its writers differ: which signs become `\u002B`, and in which case. */
function jsonForms(value: string): string[] {
  const plain: Write = sign => JSON.stringify(sign).slice(1, -1)
  return BOTH_CASES.flatMap(inCase => {
    const unit: Write = one => `\\u${inCase(one.charCodeAt(0).toString(16).padStart(4, '0'))}`
    const coded: Write = sign => sign.split('').map(unit).join('')
    return choicesOf(value).flatMap(chosen =>
      ['\u{10ffff}', '~'].map(last =>
        [...value].map(sign => (chosen.includes(sign) || sign > last ? coded(sign) : plain(sign))).join(''),
      ),
    )
  })
}

const NAMES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** A text in HTML: entities by name, and by number as its writers differ; the last of them escape all but letters. */
function entityForms(value: string): string[] {
  const codeOf = (sign: string, base: number): string => (sign.codePointAt(0) ?? 0).toString(base)
  const numbers: Write[] = [
    sign => `&#${codeOf(sign, 10)};`,
    sign => `&#0${codeOf(sign, 10)};`,
    ...BOTH_CASES.map(
      (inCase): Write =>
        sign =>
          `&#x${inCase(codeOf(sign, 16))};`,
    ),
  ]
  const all = [...new Set(value)].filter(sign => /[^A-Za-z0-9]/.test(sign)).join('')
  return [...choicesOf(value), all].flatMap(chosen =>
    numbers.flatMap(number => {
      const named: Write = sign => NAMES[sign] ?? number(sign)
      const mixed: Write = sign => (sign === "'" ? number(sign) : named(sign))
      return [number, named, mixed].map(write =>
        [...value].map(sign => (chosen.includes(sign) ? write(sign) : sign)).join(''),
      )
    }),
  )
}

/**
 * The characters of base64 that depend on the value alone, for each of the three ways its bytes can fall into groups
 * of three: so it is found inside the base64 of a longer text, `user:key` for example.
 */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8')
  return [0, 1, 2].flatMap(offset => {
    const all = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    const own = all.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')]
  })
}
