import { maskKeys, printable } from '../../config/index.ts'
import type { RouteTest } from '../../test-route/test-route.ts'
import type { Terminal } from '../terminal.ts'
import { counted } from './counted.ts'
import { routeAdvice, whyNot } from './route-advice.ts'
import { policiesOf } from './route-test-json.ts'

/** How much of an answer a person is shown. Characters. */
const SHOWN = 600

/** Why a route or a model is not the one, in words. */
const LOST: Readonly<Record<string, string>> = {
  path: 'another path',
  method: 'another method',
  headers: 'other headers',
  query: 'another query',
  name: 'another name',
  visibility: 'only for virtual models',
  authorization: 'its rules refuse the caller',
}

function reasonFor(lost: string, hosts: string): string {
  if (lost === 'host') return `it is for ${hosts}`
  if (lost === 'listener') return `its listener is for ${hosts === '*' ? 'all other hosts' : hosts}`
  return LOST[lost] ?? lost
}

/** The way of a request, for a person. What others have written, the config among it, cannot act on the terminal. */
export function routeTestText(test: RouteTest, terminal: Terminal): string {
  const { explanation, destination, answer } = test
  const dim = (text: string): string => terminal.style('dim', printable(text))
  const lines: string[] = []
  const row = (label: string, text: string | undefined): void => {
    if (text === undefined || text === '') return
    const [first = '', ...more] = terminal.lines(text, terminal.columns - 11)
    lines.push(`${dim(label.padEnd(10))} ${first}`, ...more.map(line => ' '.repeat(11) + line))
  }
  const { method, path, host, model } = test.request
  row(
    'request',
    `${method} ${path}  ${dim(`Host: ${host}${model === undefined ? '' : `  model: ${model}`}`)}`,
  )
  row('bind', explanation.bind)
  row('listener', explanation.listener && printable(explanation.listener))
  const [nameWidth, pathWidth] = widthsOf(explanation.tried, 'name', 'path')
  for (const { name, path: at, hosts, lost } of explanation.tried) {
    const why =
      lost === undefined ? terminal.style('green', 'matches') : dim(`not this one: ${reasonFor(lost, hosts)}`)
    const label = /^llm\.\w/.test(at) ? 'model' : 'route'
    row(label, `${printable(name.padEnd(nameWidth))}  ${dim(at.padEnd(pathWidth))}  ${why}`)
  }
  for (const [index, text] of backendRows(test).entries()) row(index === 0 ? 'backend' : '', text(dim))
  row('provider', destination?.provider)
  for (const [name, level, path] of policyRows(test))
    row('policy', `${name}  ${level}  ${dim(path)}`.trimEnd())
  row('key', printable(keyText(test) ?? ''))
  for (const { name, path, needs } of explanation.undecided) {
    const open = printable(`${name} is not decided without ${needs}`)
    row('open', `${terminal.style('yellow', open)}  ${dim(path)}`)
  }
  row('upstream', upstreamText(test))
  for (const { endpoint, share } of destination?.mirrors ?? [])
    row('mirror', printable(`a copy goes to ${endpoint}${share < 1 ? `, of ${shareText(share)}` : ''}`))
  for (const [index, { name, value }] of (destination?.upstream.headers ?? []).entries())
    row(
      index === 0 ? 'headers' : '',
      `${printable(name)}: ${value === undefined ? dim('(not shown)') : printable(value)}`,
    )
  const body = bodyText(destination?.upstream.body, terminal)
  // No prose: a body that is broken into lines could not be copied.
  if (body) lines.push(`${dim('body'.padEnd(10))} ${body}`)
  if (answer !== undefined) {
    const status = terminal.style(answer.status < 400 ? 'green' : 'red', String(answer.status))
    const times = `head ${ms(answer.headersMs)}, first byte ${ms(answer.firstByteMs)}, all ${ms(answer.totalMs)}`
    row('answer', `${status}${by(test)}  ${dim(times)}`)
  } else if (explanation.answer !== undefined) {
    row('answer', `${explanation.answer.status}${by(test)}`)
  }
  const got = answer ?? explanation.answer
  for (const { name, value } of got?.headers ?? []) row('', `${name}: ${maskKeys(printable(value))}`)
  row('decided by', test.decidedBy && `${printable(test.decidedBy.place)}  ${dim(test.decidedBy.path)}`)
  lines.push(...answerLines(test, terminal))
  const advice = routeAdvice(test)
  if (advice !== undefined) lines.push('', ...terminal.lines(printable(advice)))
  const isOpen = answer === undefined && explanation.undecided.length > 0
  const passed = isOpen ? '✓ passed, as far as it is decided' : '✓ passed'
  const mark = test.ok
    ? terminal.style('green', passed)
    : `${terminal.style('red', '✗ did not pass')}${printable(whyNot(test))}`
  return [...lines, '', ...terminal.lines(mark)].join('\n')
}

/** The body of the answer, a paragraph of its own. */
function answerLines({ answer, explanation }: RouteTest, terminal: Terminal): string[] {
  const dim = (text: string): string => terminal.style('dim', printable(text))
  const written = answer === undefined ? explanation.answer?.body : answer.body
  const body = written && terminal.redacted(written)
  if (answer !== undefined && body === undefined)
    return [
      '',
      dim(`(${counted(answer.bytes, 'byte')} that are no text, of type ${answer.contentType || 'none'})`),
    ]
  if (body === undefined || body.trim() === '') return []
  const lines = body.slice(0, SHOWN).trimEnd().split(/\r?\n/)
  const more = body.length > SHOWN ? [dim(`… ${counted(answer?.bytes ?? body.length, 'byte')} in all`)] : []
  return ['', ...lines.map(line => maskKeys(printable(line))), ...more]
}

/** What is called; a Unix socket is named beside the address, which is none then. */
function upstreamText({ destination }: RouteTest): string | undefined {
  if (destination === undefined) return undefined
  const { method, url, endpoint } = destination.upstream
  return printable(`${method} ${url}${endpoint.startsWith('unix:') ? ` over ${endpoint}` : ''}`)
}

/** Who has given the answer, where that is known and is not whom the request is for. */
function by({ answeredBy }: RouteTest): string {
  if (answeredBy === 'gateway') return ' from the gateway itself'
  return answeredBy === 'mock' ? ' from the mock' : ''
}

function keyText(test: RouteTest): string | undefined {
  const { destination, slot, isKeyKnown } = test
  if (destination === undefined) return undefined
  const { key } = destination
  if (key === undefined) return `none${passedOnText(test)}`
  const value = isKeyKnown ? key.secret.fingerprint() : 'its value was not read'
  const place = key.placement === undefined ? 'is taken out again on the way' : `goes into ${key.placement}`
  return `${slot?.name ?? key.slot} (${test.keyMethod ?? 'key'}): ${value}; ${place}, from the ${key.level}`
}

/** What the client itself shows the upstream. */
function passedOnText({ slot, isClientKeySent, clientKey }: RouteTest): string {
  if (!isClientKeySent && slot?.method !== 'passthrough') return ''
  const passed = ": the client's own credential goes upstream"
  return clientKey === undefined
    ? passed
    : `${passed}, ${clientKey.secret.fingerprint()}; it goes into ${clientKey.placement}`
}

/** The backends that the request may be meant for, in columns; where there are several, with how many of them each gets. */
function backendRows({ explanation, destination }: RouteTest): ((dim: (text: string) => string) => string)[] {
  const { destinations, refused } = explanation
  const all = [...destinations, ...refused]
  const [backendWidth, pathWidth] = widthsOf(all, 'backend', 'path')
  return all.map(one => dim => {
    const { backend, path, share } = one
    const refuses = 'status' in one ? `refuses it: ${one.status}` : ''
    if (all.length === 1) return `${printable(backend)}  ${dim(path)}  ${refuses}`.trimEnd()
    const place = `${printable(backend.padEnd(backendWidth))}  ${dim(path.padEnd(pathWidth))}`
    const end = [shareText(share), refuses, one === destination ? 'told here' : ''].filter(
      text => text !== '',
    )
    return `${place}  ${end.join(', ')}`
  })
}

function shareText(share: number): string {
  if (share === 0) return 'when those before it are out of use'
  return share < 0.005 ? 'less than 1 %' : `${Math.round(share * 100)} %`
}

/** Policies with their level and place, in columns. */
function policyRows(test: RouteTest): [name: string, level: string, path: string][] {
  const rows = policiesOf(test)
  const [nameWidth, levelWidth] = widthsOf(rows, 'name', 'level')
  return rows.map(({ name, level, path }) => [name.padEnd(nameWidth), level.padEnd(levelWidth), path])
}

/** How wide two columns are: once for all rows, of which there may be as many as a config has routes. */
function widthsOf<K extends string>(
  rows: readonly Readonly<Record<K, string>>[],
  ...columns: readonly [K, K]
): [number, number] {
  const widthOf = (column: K): number => rows.reduce((widest, row) => Math.max(widest, row[column].length), 0)
  return [widthOf(columns[0]), widthOf(columns[1])]
}

function bodyText(written: string | undefined, terminal: Terminal): string | undefined {
  if (written === undefined) return undefined
  const body = terminal.redacted(written)
  return maskKeys(printable(body.length > SHOWN ? `${body.slice(0, SHOWN)}…` : body))
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`
}
