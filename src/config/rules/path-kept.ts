import type { FileRule } from './rule.ts'
import { isSet, nodeAt, textAt } from './tree.ts'

/** What goes to a provider of which kind, and the path that usually stands before its own. */
const SENT: ReadonlyMap<string, { readonly what: string; readonly prefix: string; readonly unless: string }> =
  new Map([
    [
      'anthropic',
      {
        what: 'requests of Chat Completions are sent here as Messages, and still at the path /v1/chat/completions',
        prefix: '/v1',
        unless: 'all clients speak Messages',
      },
    ],
    [
      'bedrock',
      {
        what: 'requests are put into the form of Converse here, and still sent at the path that the client used',
        prefix: '/',
        unless: 'all clients speak Converse',
      },
    ],
    [
      'vertex',
      {
        what: 'requests are sent here at the path that the client used, which names neither project nor region',
        prefix: '/',
        unless: 'clients use the paths of Vertex AI',
      },
    ],
  ])

/**
 * Requests that are put into another format for a provider at a host of the config's own: unless a path is given too, they
 * go there at the path that the client used. See `hostOverride` in agentgateway's reference.
 */
export const pathKept: FileRule = ({ data, scene, report }) => {
  for (const { kind, provider, address } of scene.upstreams) {
    const sent = SENT.get(provider)
    if (kind !== 'ai' || sent === undefined || address === undefined) continue
    const key = address.path.at(-1)
    const node = nodeAt(data, ...address.path.slice(0, -1)) ?? {}
    if (isSet(node['pathOverride']) || isSet(node['pathPrefix'])) continue
    const base = textAt(node, 'baseUrl')
    if (base !== undefined && URL.canParse(base) && new URL(base).pathname !== '/') continue
    const { what: message, prefix, unless } = sent
    // A base URL cannot say that its path is the root.
    const add =
      key === 'baseUrl' && prefix !== '/'
        ? `add the path, as in https://host${prefix}`
        : `add pathPrefix: ${prefix}`
    report({
      code: 'CLIENT_PATH_KEPT',
      path: address.path,
      message,
      hint: `${add}; it is fine as it is where ${unless}`,
    })
  }
}
