import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OperatorError } from '../../src/core/errors.ts'
import { openStore } from '../../src/store/index.ts'
import { parseAddress } from '../../src/store/server.ts'

const failureOf = async (url: string): Promise<OperatorError> => {
  const error = await openStore({ clickhouse: url }).then(
    () => new Error('it connected'),
    (failure: unknown) => failure,
  )
  expect(error).toBeInstanceOf(OperatorError)
  return error as OperatorError
}

describe('an address', () => {
  it.each([
    ['https://ch.example:8443/flows', 'https://ch.example:8443', 'flows'],
    ['https://ch.example', 'https://ch.example', 'intransit'],
    ['http://127.0.0.1:8123', 'http://127.0.0.1:8123', 'intransit'],
    ['http://[::1]:8123/', 'http://[::1]:8123', 'intransit'],
    ['http://localhost:8123/a', 'http://localhost:8123', 'a'],
  ])('%s names a server and a database', (url, origin, database) => {
    expect(parseAddress(url)).toMatchObject({ origin, database, username: 'default' })
  })

  it('keeps what is escaped in a user and a password', () => {
    expect(parseAddress('https://a%40b:p%3Aq@ch.example')).toMatchObject({ username: 'a@b', password: 'p:q' })
  })

  it.each(['http://ch.example:8123', 'http://10.0.0.1:8123', 'http://127.0.0.1.example:8123'])(
    '%s is refused: the link would not be encrypted',
    (url) => expect(() => parseAddress(url)).toThrow(/not be encrypted/),
  )

  it.each(['ch.example:8443', 'tcp://ch.example:9000', 'https://', 'https://user:hunter2@'])(
    '%s is no address, and is not repeated',
    async (url) => {
      const error = await failureOf(url)
      expect(error.code).toBe('ERR_USAGE')
      expect(`${error.message} ${error.fix}`).not.toContain('hunter2')
    },
  )
})

it('says that nothing listens, without the password', async () => {
  const error = await failureOf('http://me:hunter2@127.0.0.1:1/flows')
  expect(error.code).toBe('ERR_STORE_UNREACHABLE')
  expect(error.message).toBe('ClickHouse at http://127.0.0.1:1 cannot be reached: nothing listens there')
  expect(`${error.stack} ${error.fix}`).not.toContain('hunter2')
})

it('says that a host is not known', async () => {
  expect((await failureOf('https://no-such-host.invalid:8443')).message).toMatch(/host name|no-such-host/)
})

/** Answers as ClickHouse's HTTP interface does; the rest of the store is tested on the engine itself. */
describe('a server that answers', () => {
  let server: Server
  let url: string
  const asked: string[] = []
  let answers: ((query: string, database: string | null) => [status: number, code: number, body: string]) | null

  beforeEach(async () => {
    asked.length = 0
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const { searchParams } = new URL(request.url ?? '/', 'http://localhost')
        const query = `${searchParams.get('query') ?? ''}${Buffer.concat(chunks).toString()}`
        asked.push(query)
        const [status, code, body] = answers?.(query, searchParams.get('database')) ?? [200, 0, '']
        response.writeHead(status, code === 0 ? {} : { 'X-ClickHouse-Exception-Code': String(code) })
        response.end(body)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://me:hunter2@127.0.0.1:${(server.address() as AddressInfo).port}/flows`
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const exception = (code: number, name: string, text: string): [number, number, string] => [
    code === 516 ? 403 : 404,
    code,
    `Code: ${code}. DB::Exception: ${text}. (${name}) (version 26.7.2.1)\n`,
  ]
  const content = (query: string): [number, number, string] => {
    if (query.includes('version()')) return [200, 0, '{"version":"26.7.2.1"}\n']
    return [200, 0, query.startsWith('EXISTS') ? '{"result":0}\n' : '']
  }
  const noDatabase = () => exception(81, 'UNKNOWN_DATABASE', 'Database flows does not exist')

  it('refuses the login', async () => {
    answers = () => exception(516, 'AUTHENTICATION_FAILED', 'me: Authentication failed: password is incorrect')
    const error = await failureOf(url)
    expect(error.code).toBe('ERR_STORE_UNREACHABLE')
    expect(error.message).toMatch(/refuses the login of user me$/)
    expect(`${error.stack} ${error.fix}`).not.toContain('hunter2')
  })

  it('has no such database: it is created', async () => {
    let created = false
    answers = (query, database) => {
      if (query.startsWith('CREATE DATABASE')) {
        expect(database).not.toBe('flows')
        created = true
        return [200, 0, '']
      }
      if (!created) return noDatabase()
      return content(query)
    }
    const store = await openStore({ clickhouse: url })
    expect(await store.schemaVersion()).toBe(0)
    await store.close()
    expect(asked.some((query) => query.startsWith('CREATE DATABASE IF NOT EXISTS'))).toBe(true)
  })

  it('has no such database and the user may not create it', async () => {
    answers = (query) =>
      query.startsWith('CREATE') ? exception(497, 'ACCESS_DENIED', 'me: Not enough privileges') : noDatabase()
    const error = await failureOf(url)
    expect(error.code).toBe('ERR_STORE_UNREACHABLE')
    expect(error.message).toMatch(/has no database flows, and user me may not create it/)
  })

  it('is not ClickHouse', async () => {
    answers = () => [404, 0, '<html>\n<body>Not here</body></html>']
    const error = await failureOf(url)
    expect(error.code).toBe('ERR_STORE_UNREACHABLE')
    expect(error.message.split('\n')).toHaveLength(1)
  })

  it('is not ClickHouse, but is content with everything', async () => {
    answers = () => [200, 0, '<html>welcome</html>']
    const error = await failureOf(url)
    expect(error.message).toMatch(/is not ClickHouse$/)
  })

  it('takes rows as one statement with its token and the lines as its body', async () => {
    answers = content
    const store = await openStore({ clickhouse: url })
    await store.insertFlows('{"flow_id":"00"}\n', 1, 'token-1')
    await store.close()
    expect(asked.at(-1)).toMatch(/^INSERT INTO flows_in SETTINGS .*insert_deduplication_token = 'token-1'/)
    expect(asked.at(-1)).toMatch(/FORMAT JSONEachRow\s*\{"flow_id":"00"\}\n$/)
  })

  it('refuses rows', async () => {
    answers = (query) =>
      query.startsWith('INSERT')
        ? [500, 243, 'Code: 243. DB::Exception: Cannot reserve 1.00 MiB. (NOT_ENOUGH_SPACE)\n']
        : content(query)
    const store = await openStore({ clickhouse: url })
    await expect(store.insertFlows('{}\n', 1, 't')).rejects.toMatchObject({ code: 'ERR_STORE_WRITE' })
    await store.close()
  })
})
