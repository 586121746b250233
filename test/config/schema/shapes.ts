import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { findingsOf } from '../findings-of.ts'

/** Codes and places of what is found in a config given as YAML. */
function check(yaml: string): string[] {
  return findingsOf(parse(yaml)).map(one => `${one.code} ${one.path.join('.')}`)
}

export const inRoute = (policies: string) => `routes: [{policies: ${policies}}]`
export const inBackend = (backend: string) => `routes: [{backends: [${backend}]}]`
export const inMatch = (match: string) => `routes: [{matches: [${match}]}]`
export const inModel = (model: string) => `llm: {models: [{name: m, provider: openAI, ${model}}]}`
export const inAuth = (auth: string) => inModel(`auth: ${auth}`)
export const inListener = (listener: string) => `binds: [{port: 80, listeners: [${listener}]}]`

export const AUTH = 'llm.models.0.auth'
export const POLICY = 'routes.0.policies'
export const BACKEND = 'routes.0.backends.0'
export const MATCH = 'routes.0.matches.0'
export const LISTENER = 'binds.0.listeners.0'

/** Configs by what they show; each is accepted as it stands. */
export type Accepted = Readonly<Record<string, readonly string[]>>
/** A config and `CODE path` of all that is found in it. */
export type Refused = readonly (readonly [title: string, yaml: string, ...findings: string[]])[]

export function testShapes(accepted: Accepted, refused: Refused): void {
  describe('accepted', () => {
    test.each(Object.entries(accepted))('%s', (_, configs) => {
      for (const yaml of configs) expect(check(yaml), yaml).toEqual([])
    })
  })

  describe('found, and nothing besides', () => {
    test.each(refused)('%s', (_, yaml, ...findings) => {
      expect(check(yaml)).toEqual(findings)
    })
  })
}
