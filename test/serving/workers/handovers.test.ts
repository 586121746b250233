import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Handovers } from '../../../src/serving/workers/handovers.ts'

/** A worker, with what Node's cluster would do: hand it the connection of that number. */
function worker(handovers: Handovers) {
  const child = Object.assign(new EventEmitter(), { send: (..._: unknown[]) => true })
  handovers.follow(child as unknown as ChildProcess)
  const closed: number[] = []
  return {
    closed,
    hand: (seq: number) =>
      child.send({ act: 'newconn', seq, key: 'port' }, { close: () => closed.push(seq) }),
    takes: (ack: number) => child.emit('internalMessage', { ack, accepted: true }),
    refuses: (ack: number) => child.emit('internalMessage', { ack, accepted: false }),
    opens: () => child.send({ ack: 1, errno: null, key: 'port' }),
    closes: () => child.emit('internalMessage', { act: 'close', key: 'port' }),
    dies: () => child.emit('exit'),
  }
}

function watched(promise: Promise<void>) {
  const state = { isOver: false }
  void promise.then(() => {
    state.isOver = true
  })
  return state
}

it('waits for no client where none comes', async () => {
  await new Handovers().allMet(60_000)
})

it('waits until a worker has taken the last client, and those that come meanwhile', async () => {
  const handovers = new Handovers()
  const one = worker(handovers)
  one.hand(1)
  const met = watched(handovers.allMet(60_000))
  await sleep(20)
  expect(met.isOver).toBe(false)
  one.hand(2)
  one.takes(1)
  await sleep(20)
  expect(met.isOver).toBe(false)
  one.takes(2)
  await expect.poll(() => met.isOver).toBe(true)
})

it('waits no longer than it should for a worker that takes none', async () => {
  const handovers = new Handovers()
  worker(handovers).hand(1)
  await handovers.allMet(30)
})

it('closes what a worker was handed as it died, and waits for it no more', async () => {
  const handovers = new Handovers()
  const one = worker(handovers)
  one.hand(1)
  one.hand(2)
  one.takes(1)
  one.dies()
  expect(one.closed).toEqual([2])
  await handovers.allMet(60_000)
})

it('closes what no worker takes once the last one has closed the port, though one opens it again', async () => {
  const handovers = new Handovers()
  const [one, other] = [worker(handovers), worker(handovers)]
  one.opens()
  other.opens()
  one.hand(1)
  one.closes()
  // Node hands it to the other one.
  one.refuses(1)
  expect(one.closed).toEqual([])
  other.hand(2)
  other.closes()
  one.opens()
  other.refuses(2)
  expect(other.closed).toEqual([2])
  await handovers.allMet(60_000)
})

it('closes what no worker takes once the last one that has the port has died', () => {
  const handovers = new Handovers()
  const [one, other] = [worker(handovers), worker(handovers)]
  one.opens()
  other.opens()
  one.hand(1)
  one.closes()
  other.dies()
  one.refuses(1)
  expect(one.closed).toEqual([1])
})
