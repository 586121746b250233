import { gatewaysServing, reloadGateway } from '../serving/running-gateways.ts'

/**
 * Has the gateways of this user that serve a config read it now, and says of each in a line whether it has. They follow
 * their files by themselves, but a moment later.
 */
export async function tellGateways(env: NodeJS.ProcessEnv, config: string): Promise<string[]> {
  const gateways = await gatewaysServing(env, config)
  return Promise.all(
    gateways.map(async gateway => {
      const name = `the gateway with process id ${gateway.pid}`
      if (await reloadGateway(env, gateway)) return `${name} has read the change`
      return gateway.admin === null
        ? `${name} reads the change in a moment: its admin pages are off, so it could not be told to`
        : `${name} has not said that it has read the change: its log tells`
    }),
  )
}
