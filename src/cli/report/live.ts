import type { LiveEvent } from '../../serving/live.ts'
import { suggested } from '../../suggested.ts'
import type { Terminal } from '../terminal.ts'

/** An ISO time for people. */
function utc(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`
}

const NOTES: readonly LiveEvent['event'][] = [
  'reload-rejected',
  'key-refused',
  'source-failed',
  'source-recovered',
  'key-not-forgotten',
  'note',
  'warning',
  'draining',
  'stopped',
]

/** Where it listens is the answer; what goes wrong and how it ends are notes. */
export function isNote({ event }: LiveEvent): boolean {
  return NOTES.includes(event)
}

/** What a person reads of a gateway's life. */
export function liveEventText(event: LiveEvent, terminal: Terminal): string[] {
  switch (event.event) {
    case 'listening':
      return [`listening on ${terminal.style('bold', event.address)}  ${terminal.style('dim', event.bind)}`]
    case 'admin':
      return [
        `${event.pages} pages on ${terminal.style('bold', event.address)}` +
          (event.token === undefined ? '' : terminal.style('dim', `  token: ${event.token}`)),
      ]
    case 'note':
      return [terminal.style('dim', event.message)]
    case 'warning':
      return [
        `${terminal.style('yellow', 'warning')} ${event.message}`,
        `  ${terminal.style('cyan', '→')} ${event.hint}`,
      ]
    case 'ready':
      return [
        terminal.style('green', 'ready') +
          (event.workers === undefined ? '' : `  ${event.workers} workers`) +
          terminal.style('dim', '  (Ctrl-C stops it)'),
      ]
    case 'reloaded':
      return [`${terminal.style('green', 'reloaded')} ${event.changes.join(', ') || 'to the same as before'}`]
    case 'key-changed':
      return [`${terminal.style('green', 'key changed')} ${event.name}  ${event.from} → ${event.to}`]
    case 'key-refused':
      return [
        `${terminal.style('yellow', 'key refused')} ${event.name}  the provider answers 401 to ${event.fingerprint}; requests go on with the key before it, ${event.former}, until ${utc(event.until)}`,
        `  ${terminal.style('cyan', '→')} go back with ${suggested('keys', 'rotate', event.name, '--undo')}, then rotate to a key that works`,
      ]
    case 'reload-rejected':
      return [
        `${terminal.style('red', 'reload rejected')}, the last good state goes on: ${event.message}`,
        ...(event.hint === '' ? [] : [`  ${terminal.style('cyan', '→')} ${event.hint}`]),
      ]
    case 'source-failed':
      return [
        `${terminal.style('red', 'source failed')}, its last good value ${event.kept} goes on: ${event.message}`,
        ...(event.hint === '' ? [] : [`  ${terminal.style('cyan', '→')} ${event.hint}`]),
      ]
    case 'source-recovered':
      return [
        `${terminal.style('green', 'source is back')} ${event.variable === undefined ? event.place : `${event.variable} (${event.place})`}`,
      ]
    case 'key-forgotten':
      return [
        `${terminal.style('green', 'old key forgotten')} ${event.name}  ${event.fingerprint}  out of ${event.place}`,
      ]
    case 'key-not-forgotten':
      return [
        `${terminal.style('red', 'old key not forgotten')} ${event.name}  ${event.fingerprint}  in ${event.place}: ${event.message ?? ''}`,
      ]
    case 'draining':
      return [`draining  requests under way have up to ${event.drainMs / 1000} s`]
    case 'stopped':
      return ['stopped']
  }
}
