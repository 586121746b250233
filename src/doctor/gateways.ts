import { realpath } from 'node:fs/promises'
import type { LoadedConfig, LoadOptions } from '../load.ts'
import { type RunningGateway, runningGateways } from '../serving/running-gateways.ts'
import { suggested } from '../suggested.ts'
import { type Finding, finding } from './finding.ts'
import { lookAtPorts } from './ports.ts'

/** Which gateways of agw run, what providers said to those of this config, and whether its ports can be had. */
export async function lookAtGateways(loaded: LoadedConfig, { env }: LoadOptions): Promise<Finding[]> {
  const running = await runningGateways(env)
  const path = await realpath(loaded.path).catch(() => loaded.path)
  const own = running.filter(({ config }) => config === path || config === loaded.path)
  return [
    ...running.map(lookAtGateway),
    ...own.flatMap(refusals),
    ...(await lookAtPorts(loaded, own.length > 0)),
  ]
}

function lookAtGateway({ pid, config, admin, startedAt, mock }: RunningGateway): Finding {
  const what = `process ${pid} serves ${config} since ${startedAt.slice(0, 16)} (${admin ?? 'admin pages off'})`
  return mock
    ? finding('gateway', 'note', `${what}; the built-in mock answers: no request reaches a provider`)
    : finding('gateway', 'ok', what)
}

/** What a gateway sees of its keys that nobody else does: requests may go on with the key before. */
function refusals({ pid, keys }: RunningGateway): Finding[] {
  return keys.flatMap(({ name, fingerprint, last401, former }) => {
    if (last401 === undefined) return []
    const at = `${last401.slice(0, 16).replace('T', ' ')} UTC`
    const what = `its provider answered 401 to ${fingerprint} at ${at}, says the gateway of process ${pid}`
    return former === undefined
      ? finding(
          `key ${name}`,
          'warning',
          what,
          `see with ${suggested('keys', 'check', name)} whether it works`,
        )
      : finding(
          `key ${name}`,
          'warning',
          `${what}; requests fall back on the key before it, ${former}`,
          `go back with ${suggested('keys', 'rotate', name, '--undo')}, then rotate to one that works`,
        )
  })
}
