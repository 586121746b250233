import type { StaticConfig } from '../config/schema.ts'
import { AgwError } from '../errors.ts'
import {
  type AdminAddress,
  type AdminServer,
  type AdminView,
  isLoopback,
  type PageSet,
  parseAdminAddress,
  startAdmin,
} from '../gateway/index.ts'
import type { Secret } from '../secrets/index.ts'
import { adminToken } from './admin-token.ts'

/** Where the pages go when neither a flag nor the config says so. */
const DEFAULT_ADDRESS: AdminAddress = { host: '127.0.0.1', port: 15_000 }

export interface AdminPlan {
  /** `--admin`: an address or `off`; it is stronger than the config. */
  readonly flag: string | undefined
  /** The config's start-time settings. */
  readonly config: StaticConfig | null | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** Told of a token before it is used. */
  readonly onSecret: (secret: Secret) => void
}

/** The pages at one address. */
export interface OpenedPages {
  readonly pages: PageSet
  readonly url: string
  /** Where the token is, for those that want one. */
  readonly token: string | undefined
}

export interface OpenedAdmin {
  readonly opened: readonly OpenedPages[]
  /** What a person should know: what was overruled, or stands elsewhere than expected. */
  readonly notes: readonly string[]
  close(): Promise<void>
}

interface Wanted {
  readonly pages: PageSet
  readonly address: AdminAddress
  /** When the address is taken, another port will do. */
  readonly isDefault: boolean
}

/** Throws USAGE for what cannot be an address. */
export function checkAdminFlag(flag: string | undefined): void {
  if (flag !== undefined) parseAdminAddress(flag, placeOf(flag))
}

/** What can be done by the pages of that plan. */
export function usesOf(plan: Pick<AdminPlan, 'flag' | 'config'>): {
  readonly tellMetrics: boolean
  readonly setLevel: boolean
} {
  const sets = wantedPages(plan, []).map(({ pages }) => pages)
  return { tellMetrics: sets.some(one => one !== 'readiness'), setLevel: sets.includes('admin') }
}

/** Opens the admin pages, and those of the config's statsAddr and readinessAddr. Throws USAGE and PORT_TAKEN. */
export async function openAdmin(view: AdminView, plan: AdminPlan): Promise<OpenedAdmin> {
  const notes: string[] = []
  const servers: AdminServer[] = []
  const opened: OpenedPages[] = []
  const close = async (): Promise<void> => void (await Promise.all(servers.map(server => server.close())))
  try {
    for (const wanted of wantedPages(plan, notes)) {
      const token = await tokenFor(wanted, plan)
      const server = await open(view, wanted, token, notes)
      servers.push(server)
      opened.push({ pages: wanted.pages, url: server.url, token: token?.reference })
    }
  } catch (error) {
    await close()
    throw error
  }
  return { opened, notes, close }
}

function wantedPages({ flag, config }: Pick<AdminPlan, 'flag' | 'config'>, notes: string[]): Wanted[] {
  const { adminAddr, statsAddr, readinessAddr } = config ?? {}
  if (flag !== undefined && adminAddr && adminAddr !== flag) {
    notes.push(`--admin ${flag} overrules config.adminAddr (${adminAddr})`)
  }
  const written = flag ?? adminAddr ?? undefined
  const admin = written === undefined ? DEFAULT_ADDRESS : parseAdminAddress(written, placeOf(flag))
  const further: readonly (readonly [PageSet, string | null | undefined, string])[] = [
    ['stats', statsAddr, 'config.statsAddr'],
    ['readiness', readinessAddr, 'config.readinessAddr'],
  ]
  return [
    ...(admin === undefined
      ? []
      : [{ pages: 'admin' as const, address: admin, isDefault: written === undefined }]),
    ...further.flatMap(([pages, text, place]) => {
      const address = text ? parseAdminAddress(text, place) : undefined
      return address === undefined ? [] : [{ pages, address, isDefault: false }]
    }),
  ]
}

function placeOf(flag: string | undefined): string {
  return flag === undefined ? 'config.adminAddr' : '--admin'
}

async function tokenFor(wanted: Wanted, plan: AdminPlan): Promise<Secret | undefined> {
  if (wanted.pages === 'readiness' || isLoopback(wanted.address.host)) return undefined
  const token = await adminToken(plan.env)
  plan.onSecret(token)
  return token
}

async function open(
  view: AdminView,
  { pages, address, isDefault }: Wanted,
  token: Secret | undefined,
  notes: string[],
): Promise<AdminServer> {
  const options = { on: pages, token: token?.reveal() }
  try {
    return await startAdmin(view, { ...options, ...address })
  } catch (error) {
    if (!isDefault || !(error instanceof AgwError)) throw error
    notes.push(`${address.host}:${address.port} is taken, so the admin pages are elsewhere`)
    return startAdmin(view, { ...options, host: address.host, port: 0 })
  }
}
