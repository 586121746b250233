import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '../../helpers/free-port.ts'

const MOTO = process.env['AGW_TEST_MOTO'] ?? 'moto_server'

/** Why AWS is not tested here; undefined where it is. */
export const noMoto: string | undefined =
  spawnSync(MOTO, ['--version']).error === undefined
    ? undefined
    : 'moto_server is missing: pip install "moto[server]"'

/** Nobody's login; moto takes any. */
export const LOGIN = {
  AWS_ACCESS_KEY_ID: 'testing',
  AWS_SECRET_ACCESS_KEY: 'testing',
  AWS_REGION: 'eu-central-1',
} as const

/** An emulator of AWS, and what a client of the SDK needs to reach it. */
export interface Moto {
  readonly url: string
  readonly client: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  stop(): Promise<void>
}

export async function startMoto(): Promise<Moto> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const moto = spawn(MOTO, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const answers = (): Promise<boolean> =>
    fetch(`${url}/moto-api/`).then(
      answer => answer.ok,
      () => false,
    )
  while (!(await answers())) await new Promise(resolve => setTimeout(resolve, 100))
  const credentials = { accessKeyId: LOGIN.AWS_ACCESS_KEY_ID, secretAccessKey: LOGIN.AWS_SECRET_ACCESS_KEY }
  return {
    url,
    client: { endpoint: url, region: LOGIN.AWS_REGION, credentials },
    stop: async () => {
      const gone = once(moto, 'exit')
      moto.kill()
      await gone
    },
  }
}
