/** What agentgateway's functions do with their arguments. `never` lets each handler name its own types. */
export type Handler = (...args: never[]) => unknown
