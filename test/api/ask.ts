/** Asks a server what no browser would: any header, Host among them, and any method. */
import { Agent, request } from 'node:http'
import type { Headers } from './served.ts'

export interface Answer {
  status: number
  body: string
  type: string
  /** As they stand in the answer, a line each. */
  head: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 })

/** An event stream has no end: its head is the answer. By node:http, as fetch does not let a caller say another Host. */
export function askAt(url: string, headers: Headers = {}, method = 'GET', body: object | null = null): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const json: Headers = body === null ? {} : { 'content-type': 'application/json' }
    const sent = request(url, { headers: { ...headers, ...json }, method, agent }, (response) => {
      const chunks: Buffer[] = []
      const type = String(response.headers['content-type'])
      const told = (): Answer => ({
        ...{ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), type },
        head: response.rawHeaders.join('\n'),
      })
      if (type.startsWith('text/event-stream')) setTimeout(() => response.destroy(), 50)
      response.on('error', () => undefined)
      response.on('close', () => resolve(told()))
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
    })
    sent.on('error', reject)
    sent.end(body === null ? undefined : JSON.stringify(body))
  })
}
