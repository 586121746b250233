/** The face of this room: a config as the controller of agentgateway would have it. */
export { isDnsLabel } from '../kubernetes/index.ts'
export { readCertificate } from './certificates.ts'
export { type ExportedConfig, exportConfig } from './export.ts'
export { type Certificates, canBeGateway, DEFAULTS, exportFiles, requireOurs } from './files.ts'
export { readPasswords } from './passwords.ts'
