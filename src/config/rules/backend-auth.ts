import { isNode, type Node, type Rule, walk } from './rule.ts'

/** `{key: …}` is read first and alone, so whatever stands beside the key has no effect. */
export const droppedSiblings: Rule = ({ document, report }) => {
  walk(document.data, (node, path) => {
    for (const name of ['backendAuth', 'auth']) {
      const auth = node[name]
      if (!isNode(auth) || !('key' in auth)) continue
      const key = auth['key']
      const long = isNode(key) && 'value' in key
      if (long) continue
      for (const sibling of Object.keys(auth)) {
        if (sibling === 'key') continue
        report({
          code: 'DROPPED_SIBLING',
          path: [...path, name, sibling],
          at: 'key',
          message: `${JSON.stringify(sibling)} beside a plain \`key\` has no effect: agentgateway reads the key and drops the rest`,
          hint: `write the key as \`key: { value: … }\`${sibling === 'location' ? ' with `location` inside it' : ''}`,
        })
      }
    }
  })
}

/** With an explicit place, a client's Bearer token makes agentgateway drop the gateway's own x-api-key. */
export const anthropicKeyPlace: Rule = ({ slots, document, report }) => {
  for (const slot of slots) {
    if (slot.provider !== 'anthropic') continue
    const above = slot.path.slice(0, slot.path.at(-1) === 'value' ? -1 : undefined)
    const place = [...above, 'location', 'header', 'name']
    if (!document.has(place)) continue
    const name = valueAt(document.data, place)
    if (typeof name !== 'string' || name.toLowerCase() !== 'x-api-key') continue
    report({
      code: 'ANTHROPIC_KEY_PLACE',
      path: place,
      message:
        "a client that sends `Authorization: Bearer …` displaces the gateway's key here, and its own token goes to Anthropic",
      hint: 'leave `location` out: the key goes into x-api-key by itself',
    })
  }
}

/** Where no key is configured, whatever credential the client sends goes on to the provider. */
export const clientCredential: Rule = ({ config, slots, report }) => {
  const checksClients = hasClientAuth(config as unknown as Node)
  for (const slot of slots) {
    if (slot.method === 'none' && !checksClients) {
      report({
        code: 'CLIENT_CREDENTIAL_FORWARDED',
        path: slot.path,
        message: `nothing gives ${slot.name} a key, so each client's own credential is sent to the provider`,
        hint: `if that is meant, say so with \`passthrough: {}\`; else \`agw keys set ${slot.name} --method env\``,
      })
    }
    if ((slot.method === 'passthrough' || slot.method === 'none') && checksClients) {
      report({
        code: 'CLIENT_KEY_TAKEN',
        path: slot.path,
        message: `the gateway checks its clients' keys and takes them off the request, so ${slot.name} may get no credential at all`,
        hint: "let clients send the gateway's key in a header of its own (`apiKey.location.header.name`), and the provider's in the usual one",
      })
    }
  }
}

function hasClientAuth(config: Node): boolean {
  let found = false
  walk(config, (node, path) => {
    const place = path.at(-1)
    const flat = path[0] === 'gateways' || place === 'policies' || place === 'policy'
    if (flat && (node['apiKey'] != null || node['basicAuth'] != null)) found = true
  })
  return found
}

function valueAt(tree: unknown, path: readonly (string | number)[]): unknown {
  let value = tree
  for (const step of path) value = (value as Node | undefined)?.[step]
  return value
}
