import { EXIT } from '../../errors.ts'
import type { CheckedKey } from '../../keys/check.ts'
import type { KeyRow } from '../../secrets/index.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'

/** `agw keys list` as a table; a column that says nothing of any key is left out. */
export function keysText(rows: readonly KeyRow[], terminal: Terminal): string {
  if (rows.length === 0) return 'the config has no AI backend, and so no key slot'
  const columns: [heading: string, cell: (row: KeyRow) => string | undefined][] = [
    ['NAME', row => row.slot.name],
    ['PROVIDER', row => providerText(row.slot)],
    ['METHOD', row => row.method],
    ['SOURCE', row => row.source],
    ['FINGERPRINT', row => row.fingerprint ?? undefined],
    ['MODE', row => row.mode ?? undefined],
    ['SET', row => row.setAt?.slice(0, 10)],
    ['EXPIRES', row => row.expiresAt?.slice(0, 10)],
    [
      'CHECKED',
      ({ lastCheck }) =>
        lastCheck === null ? undefined : `${lastCheck.result} ${lastCheck.at.slice(0, 10)}`,
    ],
    ['STATE', row => (hasNoKey(row) ? undefined : state(row, terminal))],
  ]
  const always = new Set(['NAME', 'FINGERPRINT', 'MODE', 'STATE'])
  const shown = columns.filter(([heading, cell]) => always.has(heading) || rows.some(row => cell(row)))
  return table(
    shown.map(([heading]) => heading),
    rows.map(row => shown.map(([, cell]) => cell(row) || '–')),
    terminal,
  )
}

/** Hosts of all kinds speak the API of one provider, and have keys of their own. */
function providerText({ provider, host }: KeyRow['slot']): string {
  return host === undefined ? provider : `${provider} at ${host}`
}

/** Clients bring their own, or none is wanted. */
function hasNoKey({ slot, state }: KeyRow): boolean {
  return state === 'ok' && (slot.method === 'passthrough' || slot.method === 'none')
}

function state({ state: word }: KeyRow, terminal: Terminal): string {
  return terminal.style(word === 'ok' ? 'green' : word === 'suspect' ? 'yellow' : 'red', word)
}

/** `agw keys check` as a table, and what each answer means. */
export function checkText(keys: readonly CheckedKey[], terminal: Terminal): string {
  if (keys.length === 0) return 'the config has no key of its own'
  const look = { valid: 'green', invalid: 'red', indeterminate: 'yellow' } as const
  return table(
    ['NAME', 'PROVIDER', 'RESULT', 'ASKED', 'DETAIL'],
    keys.map(({ slot, result, limited, host, status, detail }) => [
      slot.name,
      slot.provider,
      terminal.style(look[result], limited ? `${result} in part` : result),
      host === undefined ? '–' : `${host}${status === undefined ? '' : ` (${status})`}`,
      detail,
    ]),
    terminal,
  )
}

/** A bad key weighs more than one that is not there, and that more than a provider that could not say. */
export function checkStatus(keys: readonly CheckedKey[]): number {
  if (keys.some(key => key.result === 'invalid')) return EXIT.findings
  if (keys.some(key => key.fingerprint === undefined)) return EXIT.secret
  const failed = keys.some(({ host, status = 599 }) => host !== undefined && status >= 500)
  return failed ? EXIT.upstream : EXIT.ok
}

/** The document of `agw keys check --json`. */
export function checkJson(keys: readonly CheckedKey[]): object {
  return {
    keys: keys.map(({ slot, result, status, host, detail, limited, fingerprint }) => ({
      name: slot.name,
      provider: slot.provider,
      result,
      status: status ?? null,
      detail,
      host: host ?? null,
      limited,
      fingerprint: fingerprint ?? null,
    })),
  }
}
