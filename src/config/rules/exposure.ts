import { isToken } from '../schema/primitives.ts'
import { addressOf, distanceOf } from './hosts.ts'
import type { FileRule, PlaceRule, Report } from './rule.ts'
import { checksOf } from './scene-levels.ts'
import { isNode, isSet, listAt, nodeAt, pathOf, textAt } from './tree.ts'

/** Pages of any origin may use the cookies of whoever looks at them. */
const anyOrigin: PlaceRule = {
  keys: ['cors'],
  judge(place, { report }) {
    const cors = place.value
    if (!isNode(cors)) return
    const path = pathOf(place)
    const star = listAt(cors, 'allowOrigins').indexOf('*')
    if (cors['allowCredentials'] === true && star !== -1) {
      report({
        code: 'CORS_ANY_ORIGIN',
        path: [...path, 'allowOrigins', star],
        message: 'every page of the web may call with the cookies and credentials of whoever looks at it',
        hint: 'name the origins, or remove allowCredentials',
      })
    }
    judgeTokens(cors['allowHeaders'], [...path, 'allowHeaders'], report)
    judgeTokens(cors['exposeHeaders'], [...path, 'exposeHeaders'], report)
    judgeTokens(cors['allowMethods'], [...path, 'allowMethods'], report)
  },
}

/** Beside a star the other entries are not read. */
function judgeTokens(list: unknown, path: (string | number)[], report: Report): void {
  const entries = listAt(list)
  if (entries.includes('*')) return
  for (const [index, entry] of entries.entries()) {
    if (typeof entry !== 'string' || isToken(entry)) continue
    const method = path.at(-1) === 'allowMethods'
    report({
      code: 'BAD_HEADER',
      path: [...path, index],
      message: `this is not ${method ? 'an HTTP method' : 'a header name'}`,
      hint: method
        ? 'write a method such as GET, one an entry'
        : 'write one header name an entry, as in x-request-id',
    })
  }
}

/** The admin pages know no users: whoever reaches them reads the config and can stop the gateway. */
const adminForAll: PlaceRule = {
  keys: ['adminAddr'],
  judge(place, { report }) {
    const address = textAt(place.value)
    if (address === undefined || address === 'off' || address.startsWith('unix:')) return
    const { host } = addressOf(address)
    if (distanceOf(host) === 'loopback' && host !== '0.0.0.0' && host !== '::') return
    report({
      code: 'ADMIN_EXPOSED',
      path: pathOf(place),
      message:
        'the admin pages of agentgateway ask for no password, and here others than this machine reach them',
      hint: 'write localhost:15000, and forward the port to those who need it',
    })
  },
}

/** A listener of a bind speaks what `protocol` says, and HTTP unless it says something. */
const unusedTls: PlaceRule = {
  keys: ['tls'],
  judge(place, { report }) {
    const path = pathOf(place)
    if (path[0] !== 'binds' || path[2] !== 'listeners' || path.length !== 5 || !isSet(place.value)) return
    const protocol = textAt(place.parent?.value, 'protocol') ?? 'HTTP'
    if (protocol !== 'HTTP' && protocol !== 'TCP') return
    const spoken = protocol === 'HTTP' ? 'HTTPS' : 'TLS'
    report({
      code: 'TLS_UNUSED',
      path,
      at: 'key',
      message: `this listener is of protocol ${protocol}, so it speaks in clear text and "tls" has no effect`,
      hint: `add protocol: ${spoken}, or remove "tls"`,
    })
  },
}

export const EXPOSURE_RULES: readonly PlaceRule[] = [anyOrigin, adminForAll, unusedTls]

/** The web pages at a gateway, open to all its clients. */
export const uiForAll: FileRule = ({ data, scene, report }) => {
  const ui = nodeAt(data, 'ui')
  if (ui === undefined || isSet(ui['policies']) || scene.targeted.length > 0) return
  const serving = scene.listeners.filter(listener => listener.served.some(served => served.what === 'ui'))
  if (serving.length === 0) return
  const guarded = ({ policies }: (typeof serving)[number]): boolean =>
    checksOf(policies, []).length > 0 || isSet(policies?.['authorization'])
  if (serving.every(guarded)) return
  report({
    code: 'UI_EXPOSED',
    path: ['ui'],
    at: 'key',
    message: 'every client of the gateway can open these pages, read the config there and change it',
    hint: 'add policies to ui, such as basicAuth with mode: strict, or give it a gateway of its own',
  })
}
