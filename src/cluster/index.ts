/** The face of this room: a config as the controller of agentgateway would have it. */
export { type ExportedConfig, exportConfig } from './export.ts'
export { canBeName, exportFiles } from './files.ts'
