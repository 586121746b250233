/**
 * The parameters of a query, which comes without its question mark. A further one is part of the first name:
 * `URLSearchParams` by itself takes it off.
 */
export function parametersOf(query: string): URLSearchParams {
  return new URLSearchParams(`?${query}`)
}
