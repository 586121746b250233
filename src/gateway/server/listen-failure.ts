import { own } from '../../config/own.ts'
import { AgwError } from '../../errors.ts'

interface Place {
  readonly host: string
  readonly port: number | undefined
}

type Words = (place: Place) => readonly [why: string, hint: string]

const noAddress: Words = ({ host }) => [
  `${host} is no address of this machine`,
  'give --host one that it has: 127.0.0.1, or 0.0.0.0 for all',
]

/** Code of the error → why nobody can listen there, and what to do. */
const WORDS: Readonly<Record<string, Words>> = {
  EADDRINUSE: ({ host, port }) => [
    `port ${port} on ${host} is taken by another process`,
    'stop that process (`agw doctor` tells whether it is a gateway of agw), give the bind another port in the config, or listen elsewhere with --host',
  ],
  EADDRNOTAVAIL: noAddress,
  ENOTFOUND: noAddress,
  EAI_AGAIN: noAddress,
  EACCES: ({ host, port }) => [
    `this user may not listen on port ${port} of ${host}`,
    'give the bind a port above 1023 in the config, or allow Node to use this one',
  ],
}

/** Why a port could not be opened. */
export function listenFailure(place: Place, error: NodeJS.ErrnoException): AgwError {
  const { code = 'unknown error' } = error
  const [why, hint] = own(WORDS, code)?.(place) ?? [
    `cannot listen on ${place.host}, port ${place.port}: ${code}`,
    'choose an address of this machine with --host',
  ]
  return new AgwError('PORT_TAKEN', why, { hint, cause: error })
}
