/** tcpdump on loopback while real peers shake hands, and what they need to be waited for. */
import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'

export interface LoopbackCapture {
  readonly process: ChildProcess
  /** What went by until now is in the file when it resolves. */
  stop(): Promise<void>
}

/** Captures when it resolves. `filter` as tcpdump takes it. */
export async function captureLoopback(pcap: string, ...filter: string[]): Promise<LoopbackCapture> {
  const args = ['-i', 'lo', '-U', '--immediate-mode', '-s', '0', '-w', pcap, ...filter]
  const process = spawn('tcpdump', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  await new Promise<void>((resolve) => process.stderr.once('data', () => resolve()))
  const stop = async (): Promise<void> => {
    // The last frames are on their way from the kernel.
    await new Promise((resolve) => setTimeout(resolve, 1000))
    if (process.exitCode !== null) return
    const ended = new Promise((resolve) => process.once('exit', resolve))
    process.kill('SIGTERM')
    await ended
  }
  return { process, stop }
}

export const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.end())
  })
