/**
 * `AGW_FULL_SWEEP=1` runs every combination of the sweeps: each command with each input in each format. Without it the
 * formats and the ways of calling a command take turns, so that each still meets each kind of input.
 */
export const FULL_SWEEP = process.env['AGW_FULL_SWEEP'] === '1'
