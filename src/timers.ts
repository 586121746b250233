/** Node's timers count no further: one that is longer fires at once. Milliseconds. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1
