import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeCertificate } from '../../helpers/tls.ts'
import { runtimeOf } from '../kit/config.ts'
import { toHost } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startRawUpstream } from '../kit/raw-upstream.ts'
import { eventually } from '../kit/wait.ts'
import { AGREED, handshake, serverFrame } from '../kit/websocket.ts'

const A = makeCertificate(['a.test'])

/**
 * A client over TLS, and the upstream's side of its socket, which has agreed, or does so once it is told to. `reload` sets
 * another root for clients; `one` is the first.
 */
async function tunnel(
  as?: { readonly cert: string; readonly key: string },
  roots: Readonly<Record<string, string>> = {},
  agreement?: Promise<void>,
) {
  const upstream = await startRawUpstream(async socket => {
    await agreement
    socket.write(AGREED)
  })
  const files: Readonly<Record<string, string>> = { ...roots, 'a.pem': A.cert, 'a.key': A.key }
  const compile = { readFile: (path: string) => files[path] ?? '' }
  const configWith = (root: string): string => {
    const config = JSON.parse(toHost(`127.0.0.1:${upstream.port}`))
    const tls = { cert: 'a.pem', key: 'a.key', ...(as && { root }) }
    Object.assign(config.binds[0].listeners[0], { protocol: 'HTTPS', tls })
    return JSON.stringify(config)
  }
  const test = await startTestGateway(configWith('one'), { compile })
  const client = connect({ ...as, host: '127.0.0.1', port: test.port, ca: A.ca, servername: 'a.test' })
  onTestFinished(() => void client.destroy())
  client.write(handshake())
  if (agreement === undefined) await once(client, 'data')
  else await eventually(() => upstream.sockets.length === 1)
  const reload = (root: string) => test.gateway.reload(runtimeOf(configWith(root), compile))
  return { test, client, server: upstream.sockets[0] as Socket, reload }
}

it('a client over TLS has both ends passed on', async () => {
  const { client, server, test } = await tunnel()
  client.write('up')
  expect(String((await once(server, 'data'))[0])).toBe('up')
  server.end(serverFrame('down'))
  expect(String((await once(client, 'data'))[0])).toMatch(/down$/)
  await once(client, 'close')
  expect(await test.nextEvent()).toMatchObject({ status: 101, error: undefined })
})

it('a client over TLS that goes without a word takes the upstream with it', async () => {
  const { client, server, test } = await tunnel()
  client.destroy()
  await once(server, 'close')
  expect(await test.nextEvent()).toMatchObject({ status: 101 })
})

describe('a client whose root a reload takes away', () => {
  const ONE = makeCertificate(['client.test'])
  const OTHER = makeCertificate(['client.test'])
  const roots = { one: ONE.ca, other: OTHER.ca, both: `${OTHER.ca}\n${ONE.ca}` }

  it.each<[string, keyof typeof roots, boolean]>([
    ['is told to go, and so is the upstream', 'other', false],
    ['stays where the new root is one beside it', 'both', true],
  ])('%s', async (_title, root, stays) => {
    const { client, server, reload } = await tunnel(ONE, roots)
    const heard: Buffer[] = []
    client.on('data', chunk => heard.push(chunk))
    await reload(root)
    if (stays) {
      server.write(serverFrame('still here'))
      await once(client, 'data')
      expect(Buffer.concat(heard).toString()).toMatch(/still here$/)
    } else {
      await Promise.all([once(client, 'close'), once(server, 'close')])
      expect(Buffer.concat(heard).toString('hex')).toBe('880203e9')
    }
  })

  it('is told so, too, when its handshake was under way', async () => {
    let agree = (): void => {}
    const asked = new Promise<void>(resolve => {
      agree = resolve
    })
    const { client, reload, server } = await tunnel(ONE, roots, asked)
    const heard: Buffer[] = []
    client.on('data', chunk => heard.push(chunk))
    await reload('other')
    agree()
    await Promise.all([once(client, 'close'), once(server, 'close')])
    expect(Buffer.concat(heard).toString('latin1')).toMatch(/^HTTP\/1.1 101.*\x88\x02\x03\xe9$/s)
  })
})

it('a client over TLS is told that the gateway goes', async () => {
  const { client, server, test } = await tunnel()
  const [[last]] = await Promise.all([
    once(client, 'data'),
    once(client, 'close'),
    once(server, 'close'),
    test.gateway.close({ drainMs: 50 }),
  ])
  expect((last as Buffer).toString('hex')).toBe('880203e9')
})
