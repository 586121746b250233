import fc from 'fast-check'
import { expect, it } from 'vitest'
import { answer, openConnection, passed, type Taken } from '../kit/client-connection.ts'
import { eventually } from '../kit/wait.ts'

type Behaviour =
  | 'at once'
  | 'when the body is here'
  | 'in pieces'
  | 'later'
  | 'slowly'
  | 'breaks off'
  | 'closes'
interface Plan {
  readonly body: number
  readonly isChunked: boolean
  readonly behaviour: Behaviour
}

const piece = (path: number, size: number): string => `${path}`.repeat(size).slice(0, size)

function bytesOf({ body, isChunked }: Plan, path: number): string {
  const text = piece(path, body)
  if (!isChunked) return `POST /${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${body}\r\n\r\n${text}`
  const chunks = text.replace(/.{1,100}/g, part => `${part.length.toString(16)}\r\n${part}\r\n`)
  return `POST /${path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`
}

async function serve(one: Taken, { behaviour }: Plan): Promise<void> {
  const { request, response } = one
  const path = request.url.slice(1)
  const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
  const reply = (body: string): void => answer(one, `<${path}:${body}>`)
  switch (behaviour) {
    case 'at once':
      request.drop()
      return reply('')
    case 'later':
      await turn()
      request.drop()
      return reply('')
    case 'breaks off':
      response.writeHead(200, 'OK', [])
      response.write(Buffer.from(`<${path}`))
      return response.breakOff()
    case 'closes':
      request.drop()
      response.shouldKeepAlive = false
      return reply('')
    default: {
      let body = ''
      try {
        for await (const bytes of request.pieces()) {
          body += bytes
          if (behaviour === 'slowly') await turn()
        }
      } catch {
        return response.breakOff()
      }
      if (behaviour !== 'in pieces') return reply(body)
      response.writeHead(200, 'OK', [])
      for (const part of [`<${path}:`, body, '>']) {
        response.write(Buffer.from(part))
        await turn()
      }
      response.end()
    }
  }
}

/** The bodies of the answers, each ended by its length or its last chunk. */
function bodiesIn(text: string): string[] {
  const bodies: string[] = []
  let rest = text
  while (rest !== '') {
    const head = rest.slice(0, rest.indexOf('\r\n\r\n') + 4)
    rest = rest.slice(head.length)
    const length = /content-length: (\d+)/.exec(head)?.[1]
    let body = ''
    if (length !== undefined) {
      body = rest.slice(0, Number(length))
      rest = rest.slice(body.length)
    } else {
      let size = -1
      while (size !== 0 && rest !== '') {
        const line = /^([0-9a-f]+)\r\n/.exec(rest)
        size = Number.parseInt(line?.[1] ?? '', 16)
        const from = line?.[0].length ?? 0
        body += rest.slice(from, from + size)
        expect(rest.slice(from + size, from + size + 2)).toBe('\r\n')
        rest = rest.slice(from + size + 2)
      }
      if (size !== 0) body += ', broken off'
    }
    bodies.push(body)
  }
  return bodies
}

it('answers each request with its own answer, in order, whatever happens in what turn', async () => {
  const plan = fc.record<Plan>({
    body: fc.constantFrom(0, 1, 100, 1000, 70_000),
    isChunked: fc.boolean(),
    behaviour: fc.constantFrom<Behaviour>(
      ...(['at once', 'when the body is here', 'in pieces', 'later', 'slowly'] as const),
      ...(['at once', 'when the body is here', 'in pieces', 'later', 'slowly'] as const),
      ...(['breaks off', 'closes'] as const),
    ),
  })
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 1, maxLength: 6 }), cuts, async (plans, places) => {
      const { client, server, taken, received } = openConnection(one => {
        const path = Number(one.request.url.slice(1))
        void serve(one, plans[path] as Plan)
      })
      const text = plans.map(bytesOf).join('')
      const ends = places.map(place => Math.floor(place * text.length)).sort((a, b) => a - b)
      for (const [i, from] of [0, ...ends].entries()) {
        client.write(text.slice(from, ends[i] ?? text.length))
        if (i % 2 === 0) await passed()
      }
      const last = plans.findIndex(({ behaviour }) => behaviour === 'breaks off' || behaviour === 'closes')
      const count = last < 0 ? plans.length : last + 1
      const isSettled = (): boolean =>
        taken.length === count &&
        taken.every(({ response }) => response.destroyed) &&
        (last < 0 || !server.writable)
      await eventually(isSettled)
      await passed()
      const wanted = plans.slice(0, count).map(({ body, behaviour }, path) => {
        const hasBody =
          behaviour === 'when the body is here' || behaviour === 'in pieces' || behaviour === 'slowly'
        return behaviour === 'breaks off'
          ? `<${path}, broken off`
          : `<${path}:${hasBody ? piece(path, body) : ''}>`
      })
      // Of the last one nothing may have left.
      const answers = bodiesIn(received())
      if (plans[last]?.behaviour === 'breaks off' && answers.length < count) wanted.pop()
      expect(answers).toEqual(wanted)
      // What was broken off with a body that nobody has read stays as it is.
      expect(server.isPaused() && !server.destroyed).toBe(false)
    }),
    { numRuns: 100 },
  )
})
