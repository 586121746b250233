import { namesModel } from './json-body.ts'

/*
 * Forms (RFC 7578), read so that everybody reads them alike. Parsers differ in what they make of two boundaries, of folded
 * headers, of escapes or of text before the first part: whoever may use one model must not get another by writing a form
 * that the provider reads in another way. What is not plain is refused, which no client's library writes.
 */

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
/** A quotation mark behind a backslash ends the text for some. */
const QUOTED = String.raw`"(?:[^"\\]|\\(?!"))*"`
const PARAMETER = new RegExp(`[ \t]*;[ \t]*(${TOKEN})=(${QUOTED}|${TOKEN})[ \t]*`, 'y')
/** The blanks around the value are taken off apart: a second class for them here would be tried for each of them. */
const FIELD = new RegExp(`^(${TOKEN}):([^\\0-\\x08\\x0a-\\x1f\\x7f]*)$`)
/** Looks behind itself, so that a run of blanks inside the value is read once and not from each of its blanks. */
const OUTER_BLANKS = /^[ \t]+|(?<![ \t])[ \t]+$/g
/** Parts of a form, headers of a part and parameters of a header: to read a body full of them would hold up all others. */
const MOST_PARTS = 1000
const MOST_HEADERS = 32
const MOST_PARAMETERS = 32
/** Bytes of the headers of a part. */
const LONGEST_HEAD = 16 * 1024
/** RFC 2046 §5.1.1 */
const BOUNDARY = /^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/
/** What else there is some take off, or read as another letter. */
const NAME = /^(?! )[ !#$&-[\]-~]*(?<! )$/
const TEXT_TYPE = /^text\/plain(?:[ \t]*;[ \t]*charset="?(?:utf-8|us-ascii|iso-8859-1)"?)?$/i

type Parameters = ReadonlyMap<string, string>

export function isForm(contentType: string): boolean {
  return /^multipart\/form-data[ \t]*(?:;|$)/i.test(contentType)
}

/** The values of all fields that are read as the model; undefined where the form is not plain. */
export function modelsInForm(contentType: string, body: Buffer): string[] | undefined {
  const boundary = boundaryOf(contentType)
  const parts = boundary === undefined ? undefined : partsOf(body.toString('latin1'), boundary)
  if (parts === undefined) return undefined
  const models: string[] = []
  for (const part of parts) {
    const model = modelIn(part)
    if (model === undefined) return undefined
    if (model !== null) models.push(Buffer.from(model, 'latin1').toString())
  }
  return models
}

function boundaryOf(contentType: string): string | undefined {
  const parameters = parametersOf(contentType.replace(/^multipart\/form-data/i, ''))
  const names = [...(parameters?.keys() ?? [])].filter(name => name.includes('boundary'))
  const boundary = parameters?.get('boundary')
  return names.length === 1 && boundary !== undefined && BOUNDARY.test(boundary) ? boundary : undefined
}

/** `; a=b; c="d"` to its end, names in lower case; undefined where it is not that, or says something twice. */
function parametersOf(text: string): Parameters | undefined {
  const found = new Map<string, string>()
  PARAMETER.lastIndex = 0
  let end = 0
  for (let one = PARAMETER.exec(text); one !== null; one = PARAMETER.exec(text)) {
    const [, name = '', value = ''] = one
    if (found.has(name.toLowerCase()) || found.size === MOST_PARAMETERS) return undefined
    found.set(name.toLowerCase(), value.startsWith('"') ? value.slice(1, -1) : value)
    end = PARAMETER.lastIndex
  }
  return end === text.length ? found : undefined
}

/** What lies between the lines of the boundary, each part with its headers. */
function partsOf(body: string, boundary: string): string[] | undefined {
  // One more than there may be, beside what is before and behind them: what is behind that is not looked at.
  const [before, ...parts] = body.split(`--${boundary}`, MOST_PARTS + 3)
  const end = parts.pop()
  if (before !== '' || end === undefined || !/^--(?:\r\n)?$/.test(end)) return undefined
  if (parts.length > MOST_PARTS) return undefined
  return parts.every(isBetweenLines) ? parts.map(part => part.slice(2, -2)) : undefined
}

function isBetweenLines(part: string): boolean {
  return part.length >= 4 && part.startsWith('\r\n') && part.endsWith('\r\n')
}

/** The value of a part that is the model, null for another part; undefined for one that is not plain. */
function modelIn(part: string): string | null | undefined {
  const end = part.indexOf('\r\n\r\n')
  const headers = end < 0 || end > LONGEST_HEAD ? undefined : headersOf(part.slice(0, end))
  const parameters = dispositionOf(headers)
  const name = parameters?.get('name')
  if (headers === undefined || parameters === undefined || name === undefined || !NAME.test(name))
    return undefined
  if (!/^(?:7bit|8bit|binary)$/i.test(headers.get('content-transfer-encoding') ?? 'binary')) return undefined
  if (!namesModel(name)) return null
  const isText = TEXT_TYPE.test(headers.get('content-type') ?? 'text/plain') && !parameters.has('filename')
  return isText ? part.slice(end + 4) : undefined
}

function headersOf(head: string): Parameters | undefined {
  const headers = new Map<string, string>()
  for (const line of head.split('\r\n')) {
    const [, name, value = ''] = FIELD.exec(line) ?? []
    if (name === undefined || headers.has(name.toLowerCase()) || headers.size === MOST_HEADERS)
      return undefined
    headers.set(name.toLowerCase(), value.replace(OUTER_BLANKS, ''))
  }
  return headers
}

function dispositionOf(headers: Parameters | undefined): Parameters | undefined {
  const [, rest] = /^form-data(.*)$/i.exec(headers?.get('content-disposition') ?? '') ?? []
  const parameters = rest === undefined ? undefined : parametersOf(rest)
  // RFC 2231 §3 and §4: `name*` and `name*0` are the name for some, and win over `name`.
  const isNamedTwice = [...(parameters?.keys() ?? [])].some(name => name.startsWith('name*'))
  return isNamedTwice ? undefined : parameters
}
