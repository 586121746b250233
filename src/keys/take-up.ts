import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadedConfig, LoadOptions } from '../load.ts'
import { gatewaysServing, type RunningGateway, reloadGateway } from '../serving/running-gateways.ts'

/** The key that gateways should send. */
export interface WantedKey {
  readonly fingerprint: string
  /** None beside it: the key before it is not to be fallen back on any more. */
  readonly alone: boolean
}

/** A gateway that runs on this machine, and whether it sends the key it should. */
export interface GatewayState extends Pick<RunningGateway, 'pid'> {
  /** Null where its admin pages are off: then it cannot be told to ask its sources now. */
  readonly admin: string | null
  readonly hasKey: boolean
}

/** Sees the gateways of a config take a key up, for as long as they may need; the states at the end. */
export async function takeUp(
  loaded: LoadedConfig,
  name: string,
  wanted: WantedKey,
  { env, waitMs }: { readonly env: LoadOptions['env']; readonly waitMs: number },
): Promise<GatewayState[]> {
  const until = performance.now() + waitMs
  let asked = false
  for (;;) {
    const states = await gatewaysOf(loaded, name, wanted, env)
    if (states.every(state => state.hasKey) || performance.now() >= until) return states
    // They follow their files by themselves; sources that are asked now and then are asked now.
    if (!asked)
      for (const gateway of await gatewaysServing(env, loaded.path)) await reloadGateway(env, gateway)
    asked = true
    await sleep(100)
  }
}

/** The gateways of this user that serve a config, and whether they send a key. */
export async function gatewaysOf(
  loaded: LoadedConfig,
  name: string,
  wanted: WantedKey,
  env: LoadOptions['env'],
): Promise<GatewayState[]> {
  return (await gatewaysServing(env, loaded.path)).map(({ pid, admin, keys }) => {
    const key = keys.find(one => one.name === name)
    const isRight = key?.fingerprint === wanted.fingerprint && !(wanted.alone && key.former !== undefined)
    return { pid, admin, hasKey: isRight }
  })
}
