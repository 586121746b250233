export type {
  AdminView,
  KeyInUse,
  PageSet,
  ReloadOutcome,
} from './admin/pages.ts'
export {
  type AdminAddress,
  type AdminServer,
  isLoopback,
  parseAdminAddress,
  startAdmin,
} from './admin/server.ts'
export {
  type AskedCredential,
  isTaken,
  type NamedPlace,
  placeWords,
  withCredential,
} from './auth/named-place.ts'
export { type CompileOptions, compileRuntime } from './compile/compile.ts'
export { InvalidPlace } from './compile/invalid.ts'
export { dollars } from './costs/money.ts'
export { explainRoute } from './explain/explain.ts'
export type {
  DestinationExplanation,
  ExplainRequest,
  KeyExplanation,
  PassedCredential,
  PolicyExplanation,
  RouteExplanation,
  TriedRoute,
} from './explain/explanation.ts'
export { isOpenHeader, type ToldHeader, toldHeaders } from './explain/told-headers.ts'
export { type Gateway, type GatewayOptions, type ListeningAddress, startGateway } from './gateway.ts'
export { isCredentialHeader } from './headers/header-names.ts'
export { KeptStates } from './kept.ts'
export { nameCovers } from './llm/allowed-models.ts'
export type { Runtime } from './runtime.ts'
export type { AccessEvent } from './telemetry/access-event.ts'
export {
  type AccessFormat,
  debugLine,
  eventFields,
  jsonFormat,
  textFormat,
} from './telemetry/access-log.ts'
export type { Collector } from './telemetry/collector.ts'
export { type LogLevel, logLevelOf } from './telemetry/log-level.ts'
export { AccessLog, type LineSink } from './telemetry/log-writer.ts'
export { credentialsInTarget, maskTarget } from './telemetry/mask-target.ts'
export type { MetricsSnapshot } from './telemetry/metric-series.ts'
export { Metrics } from './telemetry/metrics.ts'
export { metricsText, sumOf } from './telemetry/metrics-text.ts'
export { wentWrong } from './telemetry/went-wrong.ts'
export type { Outcome, Standing } from './traffic/health.ts'
export { bucketFor, type Limits, LocalLimits, type Taken, type Want } from './traffic/limits.ts'
export { SharedHealth } from './traffic/shared-health.ts'
export { type UnguardedKey, unguardedKeys } from './unguarded.ts'
export { type ConnectTo, parseConnectTo } from './upstream/connect-to.ts'
