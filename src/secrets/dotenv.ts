import { AgwError } from '../errors.ts'

/** A line of a dotenv file that does not mean what it seems to. Holds no value. */
export interface DotenvFinding {
  /** 1-based. */
  readonly line: number
  readonly column: number
  readonly message: string
  readonly hint: string
}

export interface Dotenv {
  /** Name → value; where a name is set twice the later one counts. */
  readonly values: ReadonlyMap<string, string>
  readonly findings: readonly DotenvFinding[]
}

/** One `NAME=value` in the text. Offsets; `end` is exclusive and leaves out the line end. */
interface Assignment {
  readonly name: string
  readonly value: string
  /** The raw value with its quotes: what an edit replaces. */
  readonly valueStart: number
  readonly valueEnd: number
  readonly end: number
  readonly finding: Doubt | undefined
}

/** What seems wrong, and the offset of the sign that shows it. */
type Doubt = Pick<DotenvFinding, 'message' | 'hint'> & { readonly at: number }

const LINE = /[^\r\n]*/y
const HEAD = /[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*/y
/** What every reader of dotenv files takes without quotes. */
const PLAIN = /^[\w./+:@%=,-]+$/

/**
 * Reads the usual dialect: `NAME=value`, an optional `export`, comments, three kinds of quotes that may span lines,
 * `\n` in double quotes, no expansion. Node's `util.parseEnv` is not used: it joins a line it does not know with the
 * next one, drops all that follows a `=` without a name, and does not tell where a value stands.
 */
export function parseDotenv(text: string): Dotenv {
  const values = new Map<string, string>()
  const findings: DotenvFinding[] = []
  const lines = new Map<string, number>()
  for (const { assignment, line, start } of statements(text)) {
    let doubt = assignment === undefined ? { ...NO_ASSIGNMENT, at: start } : assignment.finding
    if (assignment !== undefined) {
      const { name, value } = assignment
      const isOther = values.has(name) && values.get(name) !== value
      if (isOther) doubt ??= { ...setTwice(name, lines.get(name) ?? 1), at: start }
      values.set(name, value)
      lines.set(name, line)
    }
    if (doubt === undefined) continue
    const { at, ...told } = doubt
    findings.push({ line, column: columnOf(text, at), ...told })
  }
  return { values, findings }
}

/**
 * Sets a variable in the text of a dotenv file: the new value where the name stands (in every place, so that no old
 * value stays), else as a last line. All other lines stay as they are. Throws SECRET_REJECTED where that cannot be
 * done: a value that no quotes can hold, a file with a quote left open.
 */
export function setInDotenv(text: string, name: string, value: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new AgwError('SECRET_REJECTED', 'this is not a name for a variable', {
      hint: 'use letters, digits and _, as in OPENAI_API_KEY',
    })
  }
  const edited = splice(text, name, quote(value))
  const before = parseDotenv(text).values
  const after = parseDotenv(edited).values
  const kept = [...before].every(([key, old]) => key === name || after.get(key) === old)
  if (after.get(name) === value && kept && after.size - before.size === (before.has(name) ? 0 : 1))
    return edited
  throw new AgwError('SECRET_REJECTED', `${name} cannot be set without changing the lines around it`, {
    hint: 'a line of the file opens a quote and does not close it: close it first',
  })
}

/** Takes every line that sets a variable out of the text of a dotenv file. All other lines stay as they are. */
export function removeFromDotenv(text: string, name: string): string {
  let out = ''
  let copied = 0
  for (const { assignment } of statements(text)) {
    if (assignment?.name !== name) continue
    const before = assignment.valueStart - 1
    const start = Math.max(text.lastIndexOf('\n', before), text.lastIndexOf('\r', before)) + 1
    out += text.slice(copied, start)
    copied = assignment.end + (/^\r?\n|^\r/.exec(text.slice(assignment.end))?.[0].length ?? 0)
  }
  return out + text.slice(copied)
}

const NO_ASSIGNMENT = {
  message: 'this line is not NAME=value',
  hint: 'write it so, or put a # in front of it',
}

function setTwice(name: string, before: number): Omit<Doubt, 'at'> {
  return {
    message: `${name} is set in line ${before} already, to something else: this one counts`,
    hint: 'take one of the two out',
  }
}

/** 1-based. */
function columnOf(text: string, at: number): number {
  return at === 0 ? 1 : at - Math.max(text.lastIndexOf('\n', at - 1), text.lastIndexOf('\r', at - 1))
}

function splice(text: string, name: string, quoted: string): string {
  let out = ''
  let copied = 0
  for (const { assignment } of statements(text)) {
    if (assignment?.name !== name) continue
    out += text.slice(copied, assignment.valueStart) + quoted
    copied = assignment.valueEnd
    if (text[copied] === '#') out += ' '
  }
  if (copied > 0) return out + text.slice(copied)
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const separator = text === '' || /[\r\n]$/.test(text) ? '' : newline
  return `${text}${separator}${name}=${quoted}${newline}`
}

/** Every line that is not blank and not a comment; a quoted value may take several. */
function* statements(
  text: string,
): Generator<{ assignment: Assignment | undefined; line: number; start: number }> {
  let at = text.startsWith('\ufeff') ? 1 : 0
  let line = 1
  while (at < text.length) {
    const rest = lineAt(text, at)
    let end = at + rest.length
    if (!/^\s*(?:#|$)/.test(rest)) {
      const assignment = readAssignment(text, at)
      yield { assignment, line, start: at + rest.search(/\S/) }
      end = assignment?.end ?? end
    }
    const next = text.startsWith('\r\n', end) ? end + 2 : end + 1
    line += text.slice(at, next).split(/\r\n|\r|\n/).length - 1
    at = next
  }
}

function lineAt(text: string, at: number): string {
  LINE.lastIndex = at
  return LINE.exec(text)?.[0] ?? ''
}

function readAssignment(text: string, at: number): Assignment | undefined {
  HEAD.lastIndex = at
  const head = HEAD.exec(text)
  const name = head?.[1]
  if (head === null || name === undefined) return undefined
  const valueStart = at + head[0].length
  const mark = text[valueStart] ?? ''
  const close = `"'\``.includes(mark) && mark !== '' ? closingQuote(text, valueStart, mark) : -1
  if (close !== -1) {
    const inner = text.slice(valueStart + 1, close)
    const end = close + 1 + lineAt(text, close + 1).length
    return { name, value: unquote(inner, mark), valueStart, valueEnd: close + 1, end, finding: undefined }
  }
  const raw = lineAt(text, valueStart)
  const hash = raw.indexOf('#')
  const value = (hash === -1 ? raw : raw.slice(0, hash)).trimEnd()
  return {
    name,
    value,
    valueStart,
    valueEnd: valueStart + value.length,
    end: valueStart + raw.length,
    finding: unquotedFinding(name, raw, valueStart, hash, `"'\``.includes(mark) && mark !== ''),
  }
}

function unquotedFinding(
  name: string,
  raw: string,
  start: number,
  hash: number,
  quoted: boolean,
): Doubt | undefined {
  if (quoted) return { at: start, message: `the quote after ${name}= is never closed`, hint: 'close it' }
  if (hash > 0 && !/\s/.test(raw[hash - 1] ?? '')) {
    return {
      at: start + hash,
      message: `the value of ${name} ends at its #`,
      hint: 'put the value in quotes',
    }
  }
  return undefined
}

function closingQuote(text: string, open: number, mark: string): number {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === mark) return at
    if (mark === '"' && text[at] === '\\' && text[at + 1] === '"') at += 1
  }
  return -1
}

function unquote(inner: string, mark: string): string {
  const text = inner.replaceAll('\r\n', '\n')
  return mark === '"' ? text.replaceAll('\\n', '\n').replaceAll('\\r', '\r').replaceAll('\\"', '"') : text
}

/** Single quotes first: shells that read the file as a script then leave `$` alone as well. */
function quote(value: string): string {
  if (PLAIN.test(value)) return value
  const forms = [`'${value}'`, `"${value}"`, `\`${value}\``]
  const form = forms.find(one => parseDotenv(`A=${one}\n`).values.get('A') === value)
  if (form !== undefined) return form
  throw new AgwError('SECRET_REJECTED', 'this value cannot be written into a .env file', {
    hint: 'it holds several kinds of quotes or carriage returns; keep it in a file of its own (--method file)',
  })
}
