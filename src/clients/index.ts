/** The face of this room: clients that a config knows by their virtual keys. */
export {
  type ClientPlan,
  described,
  likeEntry,
  type NewClient,
  planClient,
  planWithout,
  requireRead,
  warningsOf,
} from './change.ts'
export {
  type ClientEntry,
  calledAs,
  calledWithHash,
  clientEntries,
  findClient,
  findToRotate,
  hashOf,
  keyAges,
  metadataWords,
  refuseTaken,
  shortHash,
} from './entries.ts'
export { isVirtualKey, newVirtualKey } from './new-key.ts'
export { askingPlaces, type ClientPlace, entryPlaces, possiblePlaces } from './places.ts'
