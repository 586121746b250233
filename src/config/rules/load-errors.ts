import type { PlaceRule } from './rule.ts'
import { isNode, isSet, keyAbove, nodeAt, pathOf, textAt } from './tree.ts'

/** What an endpoint picker chooses among are the endpoints of a service. */
const pickerScope: PlaceRule = {
  keys: ['inferenceRouting'],
  judge(place, { report }) {
    const backend = place.parent?.parent?.value
    if (!isSet(place.value) || (isNode(backend) && isSet(backend['service']))) return
    report({
      code: 'KEY_CONFLICT',
      path: pathOf(place),
      at: 'key',
      message: '"inferenceRouting" works for a backend of a route that is a service, and for nothing else',
      hint: 'remove it, or make the backend a service',
    })
  },
}

/** An MCP target that refers to a backend takes the policies from there, and says its path itself. */
const mcpReference: PlaceRule = {
  keys: ['sse', 'mcp', 'openapi'],
  judge(place, { report }) {
    if (keyAbove(place) !== 'targets' || textAt(place.value, 'backend') === undefined) return
    const path = pathOf(place)
    const target = place.parent?.value
    if (isNode(target) && isSet(target['policies'])) {
      report({
        code: 'KEY_CONFLICT',
        path: [...path.slice(0, -1), 'policies'],
        at: 'key',
        message: '"policies" cannot stand beside a reference to a backend',
        hint: 'move them to the entry of `backends`',
      })
    }
    if (place.key !== 'openapi' && !isSet(nodeAt(place.value)?.['path'])) {
      report({
        code: 'MISSING_KEY',
        path,
        message: '"path" is missing: a reference to a backend needs it',
        hint: 'add path with the path of the MCP server, as in /mcp',
      })
    }
  },
}

/** What stands in two places is in neither. */
const twoPlaces: PlaceRule = {
  keys: ['logging', 'tracing'],
  judge(place, { report, data }) {
    if (keyAbove(place) !== 'config' || place.parent?.parent?.parent !== undefined) return
    const old = place.value
    const frontend = nodeAt(data, 'frontendPolicies')
    const log = place.key === 'logging'
    const inUse =
      isNode(old) && (log ? isSet(old['filter']) || isSet(old['fields']) : isSet(old['otlpEndpoint']))
    const rival = log ? ['accessLog', 'logging'].find(key => isSet(frontend?.[key])) : 'tracing'
    if (!inUse || rival === undefined || !isSet(frontend?.[rival])) return
    report({
      code: 'KEY_CONFLICT',
      path: pathOf(place),
      at: 'key',
      message: `"config.${place.key}" cannot stand beside "frontendPolicies.${rival}"`,
      hint: `move what is needed to frontendPolicies.${rival}`,
    })
  },
}

const COLLECTORS = ['OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT']

/** The older place of tracing does not go without a collector. */
const tracingEndpoint: PlaceRule = {
  keys: ['tracing'],
  judge(place, { report, document }) {
    if (keyAbove(place) !== 'config' || !isNode(place.value)) return
    if (textAt(place.value, 'otlpEndpoint') !== undefined) return
    if (COLLECTORS.some(name => document.isVariableSet(name))) return
    report({
      code: 'MISSING_KEY',
      path: pathOf(place),
      message: '"otlpEndpoint" is missing, and no variable gives it',
      hint: 'add otlpEndpoint, or move the section to frontendPolicies.tracing',
    })
  },
}

/** A gateway target names a listener or a port. */
const gatewayTarget: PlaceRule = {
  keys: ['gateway'],
  judge(place, { report }) {
    const target = place.value
    if (keyAbove(place) !== 'target' || !isNode(target)) return
    if (!isSet(target['listenerName']) || !isSet(target['port'])) return
    report({
      code: 'KEY_CONFLICT',
      path: [...pathOf(place), 'port'],
      at: 'key',
      message: '"port" cannot stand beside "listenerName"',
      hint: 'name the listener or the port, not both',
    })
  },
}

/** Policies on a backend are not chosen by request. */
const unconditional: PlaceRule = {
  keys: ['transformations', 'extAuthz'],
  judge(place, { report }) {
    const entry = place.parent?.parent?.value
    if (keyAbove(place) !== 'policy' || !isNode(entry) || !isNode(place.value)) return
    if (!isSet(nodeAt(entry, 'target')?.['backend']) || !isSet(place.value['conditional'])) return
    report({
      code: 'KEY_CONFLICT',
      path: [...pathOf(place), 'conditional'],
      at: 'key',
      message: 'a policy on a backend cannot be conditional',
      hint: 'let it apply to a route, or write it without conditional',
    })
  },
}

/** Sessions of logged-in browsers are sealed with a key that only the environment gives. */
const cookieSecret: PlaceRule = {
  keys: ['oidc'],
  judge(place, { report, document }) {
    if (!isNode(place.value) || document.isVariableSet('OIDC_COOKIE_SECRET')) return
    report({
      code: 'VARIABLE_UNSET',
      path: pathOf(place),
      at: 'key',
      message: 'the variable OIDC_COOKIE_SECRET is not set, and oidc needs it',
      hint: 'export OIDC_COOKIE_SECRET with 64 hex digits, as openssl rand -hex 32 prints them',
    })
  },
}

/** What agentgateway refuses although each part has the right shape. */
export const LOAD_RULES: readonly PlaceRule[] = [
  pickerScope,
  mcpReference,
  twoPlaces,
  tracingEndpoint,
  gatewayTarget,
  unconditional,
  cookieSecret,
]
