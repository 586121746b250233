import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { buildConnector as BuildConnector, Client as ClientClass, errors as Errors } from 'undici'

const require = createRequire(import.meta.url)

/*
 * The parts of undici that the gateway uses. Its main file also loads fetch, WebSocket, caches and mocks, which
 * doubled the time until `agw serve` listens and cost 9 MB: 90 ms against 30 ms of processor time on Node 20, measured
 * by requiring each alone.
 */
export const Client = require('undici/lib/dispatcher/client.js') as typeof ClientClass
export namespace Client {
  export type Options = ClientClass.Options
}
export type Connector = BuildConnector.connector
/** What it builds gives back the socket, of which undici's types say nothing. */
export const buildConnector = require('undici/lib/core/connect.js') as (
  options: BuildConnector.BuildOptions,
) => (...call: Parameters<Connector>) => Socket
export const errors = require('undici/lib/core/errors.js') as typeof Errors
