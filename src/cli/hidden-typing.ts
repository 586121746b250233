/** Commands that may begin with a question for a key. */
const ASKING: readonly (readonly string[])[] = [['init'], ['keys', 'set'], ['keys', 'rotate']]
/** With these nobody is asked for a key. */
const NOT_ASKING =
  /^(?:-h|--help|--version|--json|--no-input|--undo|--finish|--(?:from|key-from)-(?:env|file)(?:=.*)?)$/
const CTRL_C = 3

type Input = Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'pause' | 'ref' | 'unref'>

/** By the terminal: ends the hiding, and tells whether something was typed. */
const hiding = new WeakMap<Input, () => boolean>()

/**
 * Turns the echo of a terminal off while the program is still being read: a key that is pasted before its question stands
 * is neither shown nor taken, for it could answer another question. Ctrl-C breaks off, as ever.
 */
export function hideTyping(
  args: readonly string[],
  {
    stdin,
    stdout,
    kill,
  }: { stdin: Input; stdout: { readonly isTTY?: boolean }; kill: (signal: 'SIGINT') => void },
): void {
  if (stdin.isTTY !== true || stdout.isTTY !== true) return
  const asks = ASKING.some(words => words.every((word, index) => args[index] === word))
  if (!asks || args.some(word => NOT_ASKING.test(word))) return
  let isTyped = false
  const take = (chunk: Buffer): void => {
    if (chunk.includes(CTRL_C)) kill('SIGINT')
    isTyped = true
  }
  stdin.setRawMode(true)
  stdin.on('data', take)
  // A command that ends without a question is not kept alive by this.
  stdin.unref()
  hiding.set(stdin, () => {
    stdin.off('data', take)
    stdin.pause()
    stdin.ref()
    return isTyped
  })
}

/** Leaves the terminal to whoever asks next; whether something was typed until now, which is gone. */
export function endHiding(stdin: Input): boolean {
  const isTyped = hiding.get(stdin)?.() === true
  hiding.delete(stdin)
  return isTyped
}
