/** An environment variable that stands for a flag without a value, as the library reads one. */
export function isOn(value: string | undefined): boolean {
  return /^(?:1|true|y|yes|on)$/i.test(value ?? '')
}
