import { z } from 'zod'
import { namedBackend } from './schema/backends.ts'
import { nullish, optional } from './schema/fields.ts'
import { frontendPolicies } from './schema/frontend.ts'
import { gateway, listedGateways } from './schema/gateways.ts'
import { bind } from './schema/listeners.ts'
import { llmConfig } from './schema/llm.ts'
import { mcpConfig } from './schema/mcp.ts'
import { jsonMap } from './schema/primitives.ts'
import { staticConfig } from './schema/raw-config.ts'
import { attachedRoute, attachedTcpRoute, routeGroup } from './schema/routes.ts'
import { section } from './schema/section.ts'
import { targetedPolicy } from './schema/targeted.ts'
import { uiConfig } from './schema/ui.ts'

const object = section(
  { noun: 'the config', about: 'Configuration of agentgateway, as its config.yaml has it.' },
  {
    config: nullish(staticConfig),
    gateways: optional(
      z.record(z.string(), gateway, { error: listedGateways }),
      'Ports, by name; "default" is attached to unasked.',
    ),
    routes: optional(z.array(attachedRoute), 'HTTP routes that attach to gateways.'),
    tcpRoutes: optional(z.array(attachedTcpRoute), 'TCP routes that attach to gateways.'),
    llm: nullish(llmConfig),
    mcp: nullish(mcpConfig),
    ui: nullish(uiConfig),
    backends: optional(z.array(namedBackend), 'Backends with a name, for routes to refer to.'),
    policies: optional(z.array(targetedPolicy), 'Policies that name what they apply to.'),
    frontendPolicies: optional(frontendPolicies),
    binds: optional(z.array(bind), 'Ports with their listeners and routes, the older style.'),
    routeGroups: optional(z.array(routeGroup), 'Routes that other routes hand their requests to.'),
    services: optional(z.array(jsonMap), 'Services of a mesh; not checked here.'),
    workloads: optional(z.array(jsonMap), 'Workloads of a mesh; not checked here.'),
  },
)

/**
 * A config as the file has it: no default is filled in (they stand in the schema as `default`), the three styles are
 * not merged, aliases stay under the name they were written with, and secrets are `Secret` or `{file}`.
 */
export interface Config extends z.output<typeof object> {}

/** THE schema of agentgateway's config.yaml: types, JSON Schema and messages come from it. */
export const configSchema: z.ZodType<Config> = object

export type { BackendAuth, BackendTunnel, SimpleBackendPolicies } from './schema/backend-policies-simple.ts'
export type {
  AiBackend,
  AiGroups,
  AiProvider,
  NamedBackend,
  RouteBackend,
} from './schema/backends.ts'
export type { FrontendPolicies } from './schema/frontend.ts'
export type { Gateway, GatewayListener } from './schema/gateways.ts'
export type { PromptGuard } from './schema/guardrails.ts'
export type { Bind, Listener } from './schema/listeners.ts'
export type { LlmConfig, LlmModel, LlmPolicies, LlmProvider } from './schema/llm.ts'
export type { LlmParams, LlmProviderKind } from './schema/llm-params.ts'
export type { AuthorizationLocation } from './schema/location.ts'
export type { HeaderMatch, RouteMatch } from './schema/matches.ts'
export type { McpBackend, McpConfig } from './schema/mcp.ts'
export type { BackendPolicies, GatewayPolicies, Health, RoutePolicies } from './schema/policies.ts'
export type { AiPolicy } from './schema/policies-ai.ts'
export type { ExtAuthz } from './schema/policies-external.ts'
export type { ApiKeyAuth, Authorization, BasicAuth, JwtAuth, VirtualKey } from './schema/policies-security.ts'
export type { RateLimit, RemoteRateLimit } from './schema/policies-traffic.ts'
export type { AiProviderKind, CustomProvider } from './schema/providers.ts'
export type { StaticConfig } from './schema/raw-config.ts'
export type { SimpleBackend } from './schema/references.ts'
export type { HeaderModifier } from './schema/rewrite.ts'
export type { AttachedRoute, AttachedTcpRoute, Route, RouteGroup, TcpRoute } from './schema/routes.ts'
export type { SecretValue } from './schema/secret-fields.ts'
export type { TargetedPolicy } from './schema/targeted.ts'
export type { BackendTls, ServerTls } from './schema/tls.ts'
export type { Transformations } from './schema/transformations.ts'
export type { UiConfig } from './schema/ui.ts'
export type { VirtualModel } from './schema/virtual-models.ts'
