import type { Rotated, RotateEvent } from '../../keys/rotate.ts'
import type { GatewayState } from '../../keys/take-up.ts'
import { shortName } from '../../load.ts'
import type { Forgotten } from '../../secrets/index.ts'
import { minuteOf } from '../../secrets/rotation/kept.ts'
import { suggested } from '../../suggested.ts'
import type { Terminal } from '../terminal.ts'

/** A step of a rotation as a line. */
export function rotateEventText(event: RotateEvent, terminal: Terminal): string {
  const done = terminal.style('green', '✓', 'err')
  switch (event.step) {
    case 'resumed':
      return `goes on with the rotation that was stopped: ${event.from} → ${event.to}; a key that is given now is not read. For another one run this again when it has ended, or first go back with --undo`
    case 'restarted':
      return 'an earlier rotation was stopped before its key was written: this one begins anew'
    case 'checked':
      if (event.result === 'invalid')
        return `${terminal.style('red', '✗', 'err')} the provider refuses the new key`
      return event.result === 'valid'
        ? `${done} the provider was asked: ${event.detail}`
        : `${terminal.style('yellow', '?', 'err')} whether the new key works is not known: ${event.detail}`
    case 'kept':
      return `${done} the old key is kept  ${event.fingerprint}`
    case 'written':
      return `${done} ${event.isOld === true ? 'the old key is back  ' : 'the key is written   '}${event.fingerprint}`
    case 'taken-up':
      return event.gateways.length === 0
        ? '  no gateway of this user serves the config on this machine; others take the key up when they look'
        : event.gateways.map(gateway => gatewayText(gateway, terminal)).join('\n')
    case 'let-go':
      return event.gateways.map(gateway => letGoText(gateway, terminal)).join('\n')
    case 'forgotten':
      return `${done} the old key is forgotten`
    case 'given-up':
      return `${done} the new key is gone  ${event.fingerprint}`
    case 'not-forgotten':
      return `${terminal.style('yellow', '?', 'err')} ${event.place}, where the old key was: ${event.why}`
    case 'nothing-kept':
      return '  no old key is kept: there is nothing to forget'
  }
}

function gatewayText({ pid, admin, hasKey }: GatewayState, terminal: Terminal): string {
  if (hasKey) return `${terminal.style('green', '✓', 'err')} the gateway with process id ${pid} sends it`
  const why = admin === null ? '; its admin pages are off, so it could not be told to look' : ''
  return `${terminal.style('red', '✗', 'err')} the gateway with process id ${pid} still sends another${why}`
}

function letGoText({ pid, admin, hasKey }: GatewayState, terminal: Terminal): string {
  if (hasKey)
    return `${terminal.style('green', '✓', 'err')} the gateway with process id ${pid} has none but the new key`
  const why = admin === null ? '; its admin pages are off, so it could not be told to look' : ''
  return `${terminal.style('red', '✗', 'err')} the gateway with process id ${pid} may still send the old key${why}`
}

/** What became of the key, in a line; `done` is the word for a change. */
export function rotatedText(
  { slot, changed, fingerprint }: Rotated,
  done: string,
  terminal: Terminal,
): string {
  return `${terminal.style('green', changed ? done : 'unchanged')} ${slot.name}  ${fingerprint}`
}

/** The same as `--json` has it; `checked` is what its provider has said of the new key, where it was asked. */
export function rotatedJson(
  rotated: Rotated,
  { cwd, checked }: { readonly cwd: string; readonly checked: string | undefined },
): object {
  const { slot, method, changed, fingerprint, previousFingerprint, gateways, keepUntil } = rotated
  return {
    name: slot.name,
    method,
    changed,
    fingerprint,
    previousFingerprint,
    check: checked ?? null,
    files: rotated.files.map(file => ({ file: shortName(cwd, file), action: 'updated', mode: '' })),
    gateways,
    keptUntil: keepUntil ?? null,
  }
}

/** What to do next. */
export function nextText(
  { slot, changed, gateways, keepUntil }: Rotated,
  { isFinish, checked }: { readonly isFinish: boolean; readonly checked: string | undefined },
): string[] {
  const { name } = slot
  const isSeen = gateways.every(gateway => gateway.hasKey)
  if (!isSeen && isFinish)
    return [
      `run ${suggested('keys', 'rotate', name, '--finish')} again to go on waiting, or restart the gateway`,
    ]
  if (!isSeen)
    return [`run ${suggested('keys', 'rotate', name)} again to go on waiting, or go back with --undo`]
  if (!changed || keepUntil === undefined) return []
  return [
    ...(checked === 'indeterminate'
      ? [`nobody has said yet that the new key works: ask again with ${suggested('keys', 'check', name)}`]
      : []),
    `the old key is kept until ${minuteOf(keepUntil)}: ${suggested('keys', 'rotate', name, '--undo')} goes back, --finish forgets it now`,
    'end the old key at its provider when nothing uses it any more',
  ]
}

/** What became of old keys whose time is over, a line each. */
export function forgottenText({ name, fingerprint, place, result, why = '' }: Forgotten): string {
  return result === 'forgotten'
    ? `the old key of ${name}, ${fingerprint}, is forgotten: its time was over (${place})`
    : `the old key of ${name}, ${fingerprint}, is not forgotten, though its time is over (${place}): ${why}`
}
