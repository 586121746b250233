type Input = Pick<NodeJS.ReadStream, 'prependListener' | 'off' | 'emit'>

interface Key {
  readonly name?: string
  readonly ctrl?: boolean
}

/** What clears a line in a terminal. */
const CTRL_U = { sequence: '\u0015', name: 'u', ctrl: true, meta: false, shift: false }

/**
 * Empties the field of a question with the first key after an answer that was refused, until the returned function is
 * called: the library puts the refused text back, to which what is pasted next would be appended, and hidden text cannot be
 * seen to be there. What it says of the refused answer stays until then.
 */
export function emptyRefused(stdin: Input): () => void {
  let isRefused = false
  const listener = (_: unknown, key: Key | undefined): void => {
    // An answer that is taken ends the question: whatever comes after this one was refused.
    if (key?.name === 'return' || key?.name === 'enter') setImmediate(() => (isRefused = true))
    if (!isRefused) return
    isRefused = false
    stdin.emit('keypress', CTRL_U.sequence, CTRL_U)
  }
  stdin.prependListener('keypress', listener)
  return () => {
    stdin.off('keypress', listener)
  }
}
