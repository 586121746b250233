/**
 * `AGW_FULL_SWEEP=1` runs every combination of the sweeps: each command with each input in each format. Without it the
 * formats and the ways of calling a command take turns, so that each still meets each kind of input.
 */
export const FULL_SWEEP = process.env['AGW_FULL_SWEEP'] === '1'

/** Calls it for all of them, two at a time: as many as the smallest machine of the tests has processors. */
export async function pairwise<T>(
  items: readonly T[],
  call: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const left = items.entries()
  const work = async (): Promise<void> => {
    for (const [index, item] of left) await call(item, index)
  }
  await Promise.all([work(), work()])
}
