/** How a kind of source is reached: what stands under its word in `sources` of agw.yaml. Never a secret. */
export type Connections = Readonly<Record<string, never>>
