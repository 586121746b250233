import { Flags } from '@oclif/core'
import { canBeGateway, DEFAULTS, isDnsLabel } from '../cluster/index.ts'
import { AgwError } from '../errors.ts'
import { writeFlags } from './flags.ts'

/** The flags of `agw export kubernetes`. */
export const exportFlags = {
  namespace: Flags.string({
    summary: 'The namespace of the Kubernetes objects.',
    helpValue: 'NAME',
    default: DEFAULTS.namespace,
    env: 'AGW_NAMESPACE',
  }),
  gateway: Flags.string({
    summary: 'What the Gateway is called, and so its Deployment and Service.',
    helpValue: 'NAME',
    default: DEFAULTS.gateway,
    env: 'AGW_GATEWAY',
  }),
  secrets: Flags.boolean({
    summary: 'Write keys, certificates and passwords too: Secrets in a file of their own, mode 0600.',
    env: 'AGW_EXPORT_SECRETS',
  }),
  partial: Flags.boolean({
    summary: 'Write what can be written though parts of the config are left out.',
    env: 'AGW_EXPORT_PARTIAL',
  }),
  ...writeFlags,
}

/** Throws USAGE for what cannot be the name of an object. */
export function checkObjectNames(flags: { readonly namespace: string; readonly gateway: string }): void {
  if (!isDnsLabel(flags.namespace)) throw wrong('namespace', 63)
  if (!canBeGateway(flags.gateway)) throw wrong('gateway', 50)
}

function wrong(flag: string, longest: number): AgwError {
  return new AgwError('USAGE', `--${flag} has a value that does not fit`, {
    hint: `give no more than ${longest} lower-case letters, digits and dashes, with no dash at either end`,
  })
}
