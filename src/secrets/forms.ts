/** What neither URLs nor JSON escape. */
const PLAIN = /^[A-Za-z0-9._-]*$/

/**
 * How a value may look in a text: raw, URL-encoded, JSON-escaped, with entities of HTML, in base64 (also in the middle
 * of longer base64) and in the bytes of UTF-16. Each is at least as long as the value.
 */
export function formsOf(value: string): Set<string> {
  return new Set([
    value,
    ...(PLAIN.test(value) ? [] : escapedForms(value)),
    ...entityForms(value),
    // Where bytes are searched, a letter beyond ASCII is two characters.
    Buffer.from(value, 'utf8').toString('latin1'),
    // And in UTF-16 each is two, in either order.
    Buffer.from(value, 'utf16le').toString('latin1'),
    Buffer.from(value, 'utf16le').swap16().toString('latin1'),
    ...base64Forms(value),
  ])
}

/** As URLs and JSON have it. */
function escapedForms(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1)
  const url = new URLSearchParams([['', value]]).toString().slice(1)
  const component = url
    .replaceAll('+', '%20')
    .replace(/%(?:21|27|28|29|7E)/g, escaped => String.fromCharCode(Number.parseInt(escaped.slice(1), 16)))
  const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, escaped => escaped.toLowerCase())
  return [
    ...jsonForms(value),
    json.replaceAll('/', '\\/'),
    JSON.stringify(json).slice(1, -1),
    url,
    lower(url),
    component,
    lower(component),
  ]
}

const SPECIAL = new Set('+/&<>"\'=`')
/** Of this many different signs every choice is known; a value with more is known with all of them escaped, or none. */
const MOST_CHOSEN = 5
/** So is a longer value, characters: a client may choose it, and each form is as long. */
const LONG = 512

/** Which signs a writer may escape though it need not, for the sake of HTML: they differ, so every choice is one. */
function choicesOf(value: string): string[] {
  const signs = [...new Set(value)].filter(sign => SPECIAL.has(sign))
  if (signs.length > MOST_CHOSEN || value.length > LONG) return ['', signs.join(''), '<>&', '<>&"', '<>&"\'']
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
const HAS_NAME = /[&<>"']/

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
  const choices = new Set([...choicesOf(value), all].filter(chosen => chosen !== ''))
  return [...choices].flatMap(chosen =>
    numbers.flatMap(number => {
      const named: Write = sign => NAMES[sign] ?? number(sign)
      const mixed: Write = sign => (sign === "'" ? number(sign) : named(sign))
      const writes = HAS_NAME.test(chosen) ? [number, named, mixed] : [number]
      return writes.map(write =>
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
