/** Waits until the condition holds; the test's own timeout is the limit. */
export async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 5))
}

/**
 * Waits until a count stands still. On a busy machine it may do so for a moment before it is due: then a test proves less,
 * but what must not be exceeded is not exceeded either.
 */
export async function settled(count: () => number): Promise<void> {
  let seen = -1
  while (seen !== count()) {
    seen = count()
    await new Promise(resolve => setTimeout(resolve, 150))
  }
}
