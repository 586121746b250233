import { formatPath, maskKeys } from '../../config/index.ts'
import type { PolicyExplanation } from '../../gateway/index.ts'
import type { RouteTest } from '../../test-route/test-route.ts'
import type { Terminal } from '../terminal.ts'
import { wrapped } from '../wrapped.ts'
import { routeAdvice, whyNot } from './route-advice.ts'

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

/** The way of a request, for a person. */
export function routeTestText(test: RouteTest, terminal: Terminal): string {
  const { explanation, destination, answer } = test
  const dim = (text: string): string => terminal.style('dim', text)
  const lines: string[] = []
  const row = (label: string, text: string | undefined): void => {
    if (text === undefined || text === '') return
    const [first = '', ...more] = wrapped(text, terminal.columns - 11)
    lines.push(`${dim(label.padEnd(10))} ${first}`, ...more.map(line => ' '.repeat(11) + line))
  }
  const { method, path, host, model } = test.request
  row(
    'request',
    `${method} ${path}  ${dim(`Host: ${host}${model === undefined ? '' : `  model: ${model}`}`)}`,
  )
  row('bind', explanation.bind)
  row('listener', explanation.listener)
  const width = (column: 'name' | 'path'): number =>
    Math.max(...explanation.tried.map(one => one[column].length))
  for (const { name, path: at, hosts, lost } of explanation.tried) {
    const why =
      lost === undefined ? terminal.style('green', 'matches') : dim(`not this one: ${reasonFor(lost, hosts)}`)
    const label = /^llm\.\w/.test(at) ? 'model' : 'route'
    row(label, `${name.padEnd(width('name'))}  ${dim(at.padEnd(width('path')))}  ${why}`)
  }
  for (const [index, text] of backendRows(test).entries()) row(index === 0 ? 'backend' : '', text(dim))
  row('provider', destination?.provider)
  for (const [name, level, path] of policyRows(test))
    row('policy', `${name}  ${level}  ${dim(path)}`.trimEnd())
  row('key', keyText(test))
  for (const { name, path, needs } of explanation.undecided)
    row('open', `${terminal.style('yellow', `${name} is not decided without ${needs}`)}  ${dim(path)}`)
  row('upstream', destination && `${destination.upstream.method} ${destination.upstream.url}`)
  for (const [index, { name, value }] of (destination?.upstream.headers ?? []).entries())
    row(index === 0 ? 'headers' : '', `${name}: ${value ?? dim('(not shown)')}`)
  const body = bodyText(destination?.upstream.body)
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
  for (const { name, value } of got?.headers ?? []) row('', `${name}: ${maskKeys(value)}`)
  row('decided by', test.decidedBy && `${test.decidedBy.place}  ${dim(test.decidedBy.path)}`)
  if (got !== undefined && got.body.trim() !== '') {
    const text = got.body.slice(0, SHOWN).trimEnd()
    const more = got.body.length > SHOWN ? `\n${dim('…')}` : ''
    lines.push('', text.split('\n').map(maskKeys).join('\n') + more)
  }
  const advice = routeAdvice(test)
  if (advice !== undefined) lines.push('', ...wrapped(advice, terminal.columns))
  const isOpen = answer === undefined && explanation.undecided.length > 0
  const passed = isOpen ? '✓ passed, as far as it is decided' : '✓ passed'
  const mark = test.ok
    ? terminal.style('green', passed)
    : `${terminal.style('red', '✗ did not pass')}${whyNot(test)}`
  return [...lines, '', mark].join('\n')
}

/** Who has given the answer, where that is known and is not whom the request is for. */
function by({ answeredBy }: RouteTest): string {
  if (answeredBy === 'gateway') return ' from the gateway itself'
  return answeredBy === 'mock' ? ' from the mock' : ''
}

function keyText({ destination, slot, isKeyKnown, isClientKeySent }: RouteTest): string | undefined {
  if (destination === undefined) return undefined
  const { key } = destination
  if (key === undefined) {
    const passesOn = isClientKeySent || slot?.method === 'passthrough'
    return passesOn ? "none: the client's own credential goes upstream" : 'none'
  }
  const value = isKeyKnown ? key.secret.fingerprint() : 'its value was not read'
  const place = key.placement === undefined ? 'is taken out again on the way' : `goes into ${key.placement}`
  return `${slot?.name ?? key.slot} (${slot?.method ?? 'key'}): ${value}; ${place}, from the ${key.level}`
}

/** The backends that may be called, in columns; where there are several, with how many of the requests each gets. */
function backendRows({ explanation, destination }: RouteTest): ((dim: (text: string) => string) => string)[] {
  const { destinations } = explanation
  const width = (column: 'backend' | 'path'): number =>
    Math.max(...destinations.map(one => one[column].length))
  return destinations.map(one => dim => {
    const { backend, path, share } = one
    if (destinations.length === 1) return `${backend}  ${dim(path)}`
    const part = share === 0 ? 'when those before it fail' : `${Math.round(share * 100)} %`
    const place = `${backend.padEnd(width('backend'))}  ${dim(path.padEnd(width('path')))}`
    return `${place}  ${part}${one === destination ? ', told here' : ''}`
  })
}

/** Of the gateway, of the route, of the call upstream, in the order in which they run. */
function policiesOf({ explanation, destination }: RouteTest): Omit<PolicyExplanation, 'asks'>[] {
  const all = [...explanation.policies, ...(destination?.policies ?? [])]
  return all.map(({ phase, name, level, path }) => ({ phase, name, level, path }))
}

/** Policies with their level and place, in columns. */
function policyRows(test: RouteTest): [name: string, level: string, path: string][] {
  const rows = policiesOf(test)
  const width = (column: 'name' | 'level'): number => Math.max(...rows.map(one => one[column].length))
  return rows.map(({ name, level, path }) => [name.padEnd(width('name')), level.padEnd(width('level')), path])
}

function bodyText(body: string | undefined): string | undefined {
  if (body === undefined) return undefined
  return maskKeys(body.length > SHOWN ? `${body.slice(0, SHOWN)}…` : body)
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`
}

/** The same for `--json`. */
export function routeTestJson(test: RouteTest): object {
  const { request, explanation, destination, slot, isKeyKnown, answer, answeredBy = null, ok } = test
  const { key } = destination ?? {}
  return {
    request,
    matched: {
      bind: explanation.bind ?? null,
      listener: explanation.listener ?? null,
      route: explanation.route ?? null,
      backend: destination?.backend ?? null,
      provider: destination?.provider ?? null,
      policies: [...new Set(policiesOf(test).map(one => one.name))],
    },
    backends: explanation.destinations.map(({ backend: name, path, provider = null, share }) => {
      return { name, path, provider, share }
    }),
    tried: explanation.tried,
    policies: policiesOf(test),
    undecided: explanation.undecided,
    key:
      key === undefined
        ? null
        : {
            name: slot?.name ?? key.slot,
            method: slot?.method ?? null,
            path: slot === undefined ? key.slot : formatPath(slot.path),
            fingerprint: isKeyKnown ? key.secret.fingerprint() : null,
            placement: key.placement ?? null,
            level: key.level,
          },
    upstream: {
      method: destination?.upstream.method ?? null,
      url: destination?.upstream.url ?? null,
      headers: destination?.upstream.headers.map(({ name, value = null }) => ({ name, value })) ?? null,
      body: destination?.upstream.body ?? null,
      status: answer?.status ?? null,
      headersMs: answer?.headersMs ?? null,
      firstByteMs: answer?.firstByteMs ?? null,
      totalMs: answer?.totalMs ?? null,
    },
    usage: usageOf(answer?.body),
    answeredBy,
    responseHeaders: (answer ?? explanation.answer)?.headers ?? null,
    decidedBy: test.decidedBy ?? null,
    response: answer === undefined ? (explanation.answer?.body ?? null) : parsed(answer.body),
    ok,
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

/** The provider's own count, from a JSON answer or from the last event of a stream that has one. */
function usageOf(body: string | undefined): unknown {
  if (body === undefined) return null
  const whole = parsed(body)
  const found = usageIn(whole)
  if (found !== undefined) return found
  const events = body.split('\n').filter(line => line.startsWith('data: {'))
  for (const event of events.reverse()) {
    const usage = usageIn(parsed(event.slice(6)))
    if (usage !== undefined) return usage
  }
  return null
}

function usageIn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const { usage, usageMetadata } = value as { usage?: unknown; usageMetadata?: unknown }
  return usage ?? usageMetadata ?? undefined
}
