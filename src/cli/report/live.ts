import type { LiveEvent } from '../../serving/live.ts'
import { suggested } from '../../suggested.ts'
import type { Failure } from '../printed-failure.ts'
import type { Style, Terminal } from '../terminal.ts'

/** An ISO time for people. */
function utc(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`
}

const ANSWERS: readonly LiveEvent['event'][] = ['listening', 'admin', 'ready']

/** Where it listens is the answer; all that becomes of it is a note. */
export function isAnswer({ event }: LiveEvent): boolean {
  return ANSWERS.includes(event)
}

type Styled = (style: Style, text: string) => string

/** An event in words. */
interface Words {
  readonly message: string
  /** What only a person at the terminal wants to know. */
  readonly aside?: string
  readonly hint?: string
}

function wordsOf(event: LiveEvent, style: Styled): Words {
  switch (event.event) {
    case 'listening':
      return { message: `listening on ${style('bold', event.address)}`, aside: event.bind }
    case 'admin':
      return {
        message: `${event.pages} pages on ${style('bold', event.address)}`,
        ...(event.token !== undefined && { aside: `token: ${event.token}` }),
      }
    case 'note':
      return { message: style('dim', event.message) }
    case 'warning':
      return event
    case 'ready':
      return {
        message: style('green', 'ready') + (event.workers === undefined ? '' : `  ${event.workers} workers`),
        aside: '(Ctrl-C stops it)',
      }
    case 'reloaded':
      return {
        message: `${style('green', 'reloaded')} ${event.changes.join(', ') || 'to the same as before'}`,
      }
    case 'key-changed':
      return { message: `${style('green', 'key changed')} ${event.name}  ${event.from} → ${event.to}` }
    case 'key-refused':
      return {
        message: `${style('yellow', 'key refused')} ${event.name}  the provider answers 401 to ${event.fingerprint}; requests go on with the key before it, ${event.former}, until ${utc(event.until)}`,
        hint: `go back with ${suggested('keys', 'rotate', event.name, '--undo')}, then rotate to a key that works`,
      }
    case 'reload-rejected':
      return {
        message: `${style('red', 'reload rejected')}, the last good state goes on: ${event.message}`,
        hint: event.hint,
      }
    case 'source-failed':
      return {
        message: `${style('red', 'source failed')}, its last good value ${event.kept} goes on: ${event.message}`,
        hint: event.hint,
      }
    case 'source-recovered': {
      const { variable, place } = event
      return {
        message: `${style('green', 'source is back')} ${variable === undefined ? place : `${variable} (${place})`}`,
      }
    }
    case 'key-forgotten':
      return {
        message: `${style('green', 'old key forgotten')} ${event.name}  ${event.fingerprint}  out of ${event.place}`,
      }
    case 'key-not-forgotten':
      return {
        message: `${style('red', 'old key not forgotten')} ${event.name}  ${event.fingerprint}  in ${event.place}: ${event.message ?? ''}`,
      }
    case 'draining':
      return { message: `draining  requests under way have up to ${event.drainMs / 1000} s` }
    case 'stopped':
      return { message: 'stopped' }
  }
}

/** What a person reads of a gateway's life. */
export function liveEventText(event: LiveEvent, terminal: Terminal): string[] {
  const { message, aside, hint = '' } = wordsOf(event, (style, text) => terminal.style(style, text))
  const word = event.event === 'warning' ? `${terminal.style('yellow', 'warning')} ` : ''
  return [
    word + message + (aside === undefined ? '' : terminal.style('dim', `  ${aside}`)),
    ...(hint === '' ? [] : [`  ${terminal.style('cyan', '→')} ${hint}`]),
  ]
}

/** A line of a log that a machine reads, beside those of requests: what they begin with, and the same levels. */
interface LogLine {
  /** ISO 8601, in UTC. */
  readonly time: string
  readonly level: 'info' | 'warn' | 'error'
  readonly scope: 'serve'
  readonly event: string
  readonly message: string
  readonly hint?: string
}

const LEVELS: { readonly [name in LiveEvent['event']]?: LogLine['level'] } = {
  warning: 'warn',
  'key-refused': 'warn',
  'reload-rejected': 'error',
  'source-failed': 'error',
  'key-not-forgotten': 'error',
}

/** An event as a line of such a log, with the fields that `--json` gives it. */
export function liveEventLine(event: LiveEvent, now: Date): LogLine {
  const { message, hint = '' } = wordsOf(event, (_, text) => text)
  const { event: name, ...fields } = event
  // Of an event with words of its own, those say less.
  const own = Object.entries(fields).filter(([key]) => key !== 'message' && key !== 'hint')
  return {
    ...headOf(name, LEVELS[name] ?? 'info', now),
    message,
    ...(hint !== '' && { hint }),
    ...Object.fromEntries(own),
  }
}

/** What has ended the program, as a line of such a log. */
export function failureLine({ message, hint, ...fields }: Failure, now: Date): LogLine {
  return { ...headOf('failed', 'error', now), message, ...(hint !== '' && { hint }), ...fields }
}

function headOf(event: string, level: LogLine['level'], now: Date): Omit<LogLine, 'message' | 'hint'> {
  return { time: now.toISOString(), level, scope: 'serve', event }
}
