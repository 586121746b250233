import { expect, it } from 'vitest'
import { call } from '../kit/client.ts'
import { toModel } from '../kit/configs.ts'
import { startTestGateway } from '../kit/gateway.ts'
import { startUpstream } from '../kit/upstream.ts'

it.each(['whole', 'cut'])('tries a stream again before it begins, and not once it is %s', async kind => {
  const events = 'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
  let calls = 0
  const upstream = await startUpstream(response => {
    if (++calls === 1) return void response.writeHead(503, { 'content-type': 'application/json' }).end('{}')
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(events, () => {
      if (kind === 'whole') response.end('data: [DONE]\n\n')
      else response.socket?.destroy()
    })
  })
  const retry = { codes: [503], attempts: 3 }
  const { port, nextEvent } = await startTestGateway(toModel(`127.0.0.1:${upstream.port}`, { retry }))
  const answer = call(port, { body: '{"model":"m","stream":true}' })
  if (kind === 'whole') expect(await answer).toMatchObject({ status: 200, body: `${events}data: [DONE]\n\n` })
  else await expect(answer).rejects.toThrow()
  expect(await nextEvent()).toMatchObject({ retries: 1, status: 200, isStream: true })
  expect(upstream.seen).toHaveLength(2)
})
