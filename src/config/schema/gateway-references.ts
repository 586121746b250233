import { z } from 'zod'
import { text } from './primitives.ts'
import { forms } from './section.ts'

/** `gateway` or `gateway/listener`, one or several. */
export const gatewayReferences = forms(
  'Gateways to attach to, as gateway or gateway/listener; by default the gateway called default.',
  { 'one gateway': text, 'a list of gateways': z.array(text) },
)
