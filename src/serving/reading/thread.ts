import { parentPort, workerData } from 'node:worker_threads'
import { encodeConfig } from '../plain-config.ts'
import { examine } from './examine.ts'
import type { Piece, ReadingTask, SentExamined } from './wire.ts'

/** A message of so many entries takes about a millisecond to take in. */
const PIECE_LENGTH = 500

/** What runs in the thread: examines one text, sends what it found and waits for its end. */
export function runReader(): void {
  const { bytes, file, values, problems, port } = workerData as ReadingTask
  const { slots, unset, ...rest } = examine(bytes, {
    file,
    lookup: name => values.get(name),
    problemOf: name => problems.get(name),
    names: () => [...values.keys()],
  })
  const found: SentExamined = {
    ...rest,
    slots: slots.map(slot => {
      const { value, ...one } = slot
      return { ...one, hasValue: value !== undefined, isUnset: unset.has(slot) }
    }),
  }
  const send = (piece: Piece): void => port.postMessage(piece)
  let lists = 0
  const apart = (list: readonly unknown[]): number | undefined => {
    if (list.length <= PIECE_LENGTH) return undefined
    const number = lists++
    for (let at = 0; at < list.length; at += PIECE_LENGTH) {
      const items = list.slice(at, at + PIECE_LENGTH).map(item => encodeConfig(item, apart))
      send({ list: number, items })
    }
    return number
  }
  send({ whole: encodeConfig(found, apart) })
  // What was sent is lost when the thread ends before it was taken in.
  parentPort?.on('message', () => {})
  parentPort?.postMessage('sent')
}
