/** What has something to do at the end of a turn of the event loop. */
export interface Waiting {
  onEndOfTurn(): void
}

let waiting: Waiting[] = []

/**
 * Has it do that once all that this turn has read is taken in, with all others: what a turn writes leaves together then, and
 * the other sides are woken less often. What that brings: docs/performance.md, "What limits".
 */
export function atEndOfTurn(one: Waiting): void {
  if (waiting.length === 0) setImmediate(goOn)
  waiting.push(one)
}

function goOn(): void {
  const all = waiting
  waiting = []
  let done = 0
  try {
    for (const one of all) {
      done++
      one.onEndOfTurn()
    }
  } finally {
    // Nobody goes without because of another one's mistake.
    for (const one of all.slice(done)) atEndOfTurn(one)
  }
}
