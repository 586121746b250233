export type { Mock, MockOptions, ProviderShape, SeenRequest } from './options.ts'
export { startMock } from './server.ts'
