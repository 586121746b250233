import type { FileRule } from './rule.ts'
import { isSet, nodeAt, textAt } from './tree.ts'

/**
 * Requests that are put into another format for a provider at a host of the config's own: unless a path is given too, they
 * go there at the path that the client used. See `hostOverride` in agentgateway's reference.
 */
export const pathKept: FileRule = ({ data, scene, report }) => {
  for (const { kind, provider, address } of scene.upstreams) {
    if (kind !== 'ai' || provider !== 'anthropic' || address === undefined) continue
    const key = address.path.at(-1)
    const node = nodeAt(data, ...address.path.slice(0, -1)) ?? {}
    if (isSet(node['pathOverride']) || isSet(node['pathPrefix'])) continue
    const base = textAt(node, 'baseUrl')
    if (base !== undefined && URL.canParse(base) && new URL(base).pathname !== '/') continue
    report({
      code: 'CLIENT_PATH_KEPT',
      path: address.path,
      message:
        'requests of Chat Completions are sent here as Messages, and still at the path /v1/chat/completions',
      hint:
        key === 'baseUrl'
          ? 'add the path, as in https://host/v1; it is fine as it is where all clients speak Messages'
          : 'add pathPrefix: /v1; it is fine as it is where all clients speak Messages',
    })
  }
}
