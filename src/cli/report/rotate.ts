import type { Rotated, RotateEvent } from '../../rotate-key.ts'
import type { Terminal } from '../terminal.ts'

/** A step of a rotation as a line. */
export function rotateEventText(event: RotateEvent, terminal: Terminal): string {
  const done = terminal.style('green', '✓', 'err')
  switch (event.step) {
    case 'resumed':
      return `goes on with the rotation that was stopped: ${event.from} → ${event.to}`
    case 'restarted':
      return 'an earlier rotation was stopped before its key was written: this one begins anew'
    case 'checked':
      return event.result === 'valid'
        ? `${done} the provider was asked: ${event.detail}`
        : `${terminal.style('yellow', '?', 'err')} whether the new key works is not known: ${event.detail}`
    case 'kept':
      return `${done} the old key is kept  ${event.fingerprint}`
    case 'written':
      return `${done} the key is written   ${event.fingerprint}`
    case 'taken-up':
      return event.gateways.length === 0
        ? '  no gateway of this config was found running with its admin pages on'
        : event.gateways
            .map(({ pid, hasKey }) =>
              hasKey
                ? `${done} the gateway with process id ${pid} sends it`
                : `${terminal.style('red', '✗', 'err')} the gateway with process id ${pid} still sends another`,
            )
            .join('\n')
    case 'forgotten':
      return `${done} the old key is forgotten`
  }
}

/** What to do next. */
export function rotatedText({ slot, changed, gateways, keepUntil }: Rotated, file: string): string[] {
  const { name } = slot
  if (!gateways.every(gateway => gateway.hasKey))
    return [`run \`agw keys rotate ${name}${file}\` again to go on waiting, or go back with --undo`]
  if (!changed || keepUntil === undefined) return []
  return [
    `the old key is kept until ${keepUntil.slice(0, 16).replace('T', ' ')} UTC: \`agw keys rotate ${name}${file} --undo\` goes back, --finish forgets it now`,
    'end the old key at its provider when nothing uses it any more',
  ]
}
