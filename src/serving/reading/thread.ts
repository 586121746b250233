import { parentPort, workerData } from 'node:worker_threads'
import { configPieces } from '../config-pieces.ts'
import { examine } from './examine.ts'
import type { ReadingTask, SentExamined } from './wire.ts'

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
  for (const piece of configPieces(found)) port.postMessage(piece)
  // What was sent is lost when the thread ends before it was taken in.
  parentPort?.on('message', () => {})
  parentPort?.postMessage('sent')
}
