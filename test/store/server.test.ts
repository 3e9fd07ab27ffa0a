import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { OperatorError } from '../../src/core/errors.ts'
import { openStore } from '../../src/store/index.ts'
import { connectServer, parseAddress } from '../../src/store/server.ts'

const errorOf = async (attempt: Promise<unknown>): Promise<OperatorError> => {
  const error = await attempt.then(
    () => new Error('it connected'),
    (failure: unknown) => failure,
  )
  expect(error).toBeInstanceOf(OperatorError)
  return error as OperatorError
}
const failureOf = (url: string): Promise<OperatorError> => errorOf(openStore({ clickhouse: url }))

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

  it('gets its password from a file that the environment names, unless one is nearer', () => {
    const folder = mkdtempSync(join(tmpdir(), 'intransit-password-'))
    const file = join(folder, 'password')
    writeFileSync(file, 'from the file\nnot this\n')
    const passwordOf = (url: string): string => parseAddress(url).password
    try {
      vi.stubEnv('CLICKHOUSE_PASSWORD_FILE', file)
      expect(passwordOf('https://me@ch.example')).toBe('from the file')
      expect(passwordOf('https://me:own@ch.example')).toBe('own')
      vi.stubEnv('CLICKHOUSE_PASSWORD', 'from the environment')
      expect(passwordOf('https://me@ch.example')).toBe('from the environment')
      vi.unstubAllEnvs()
      vi.stubEnv('CLICKHOUSE_PASSWORD_FILE', join(folder, 'none'))
      expect(() => passwordOf('https://me@ch.example')).toThrow(/none cannot be read \(ENOENT\)/)
    } finally {
      vi.unstubAllEnvs()
      rmSync(folder, { recursive: true })
    }
  })

  it.each(['http://ch.example:8123', 'http://10.0.0.1:8123', 'http://127.0.0.1.example:8123'])(
    '%s is refused: the link would not be encrypted',
    (url) => expect(() => parseAddress(url)).toThrow(/not be encrypted/),
  )

  it.each(['https://me:hunter2%@ch.example', 'https://me:hunter2@ch.example/100%'])(
    '%s has a % that escapes nothing: refused, and not repeated',
    async (url) => {
      const error = await failureOf(url)
      expect(error).toMatchObject({ code: 'ERR_USAGE', fix: 'write % as %25' })
      expect(error.message).not.toContain('hunter2')
    },
  )

  it.each(['https://ch.example/?database=flows', 'https://me:hunter2#1@ch.example'])(
    '%s is refused rather than read in part',
    async (url) => {
      const error = await failureOf(url)
      expect(error.code).toBe('ERR_USAGE')
      expect(`${error.message} ${error.fix}`).not.toContain('hunter2')
    },
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

const listening = async (server: TcpServer): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://me:hunter2@127.0.0.1:${(server.address() as AddressInfo).port}/flows`
}

/** What the engine of server-engine.test.ts cannot be brought to: other rights, other versions, other programs. */
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
    url = await listening(server)
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const exception = (status: number, code: number, name: string, text: string): [number, number, string] => [
    status,
    code,
    `Code: ${code}. DB::Exception: ${text}. (${name}) (version 26.7.2.1)\n`,
  ]
  const denied = (): [number, number, string] => exception(403, 497, 'ACCESS_DENIED', 'me: Not enough privileges')
  const content = (query: string): [number, number, string] => {
    if (query.includes('version()')) return [200, 0, '{"version":"26.7.2.1"}\n']
    return [200, 0, query.startsWith('EXISTS') ? '{"result":0}\n' : '']
  }

  it.each(['24.6.2.17', '23.12.1.1', '18.16.1', '9.8'])(
    'is too old with version %s: nothing else is asked',
    async (v) => {
      answers = () => [200, 0, `{"version":"${v}"}\n`]
      const error = await failureOf(url)
      expect(error.code).toBe('ERR_STORE_SCHEMA')
      expect(error.message).toMatch(new RegExp(`is version ${v}, and 24\\.7 or newer is needed$`))
      expect(asked).toHaveLength(1)
      expect(asked[0]).toContain('SELECT version()')
    },
  )

  it.each(['24.7.1.2915', '24.8.14.39', '25.1.1.1', '26.10.1.1', '25.8.1.1-altinity'])(
    'is new enough with version %s',
    async (v) => {
      answers = (query) => (query.includes('version()') ? [200, 0, `{"version":"${v}"}\n`] : content(query))
      const store = await openStore({ clickhouse: url })
      expect(await store.schemaVersion()).toBe(0)
      await store.close()
    },
  )

  it('has no such database and the user may not create it', async () => {
    answers = (query, database) => {
      if (database === 'flows') return exception(404, 81, 'UNKNOWN_DATABASE', 'Database flows does not exist')
      return query.startsWith('CREATE') ? denied() : content(query)
    }
    const error = await failureOf(url)
    expect(error.code).toBe('ERR_STORE_UNREACHABLE')
    expect(error.message).toMatch(/has no database flows, and user me may not create it$/)
    expect(error.fix).toBe('create the database, or grant CREATE DATABASE to me')
  })

  it('does not let the user see the tables', async () => {
    answers = (query) => (query.startsWith('EXISTS') ? denied() : content(query))
    expect(await failureOf(url)).toMatchObject({
      code: 'ERR_STORE_SCHEMA',
      message: expect.stringMatching(/^the schema of the store cannot be read: me: Not enough privileges/),
    })
  })

  it('does not let the user make tables', async () => {
    answers = (query) => (query.includes('CREATE TABLE') ? denied() : content(query))
    const store = await openStore({ clickhouse: url })
    await expect(store.migrate()).rejects.toMatchObject({
      code: 'ERR_STORE_SCHEMA',
      message: expect.stringMatching(/^schema step 0001_schema_migrations failed: me: Not enough privileges/),
    })
    await store.close()
    expect(asked.filter((query) => query.startsWith('INSERT'))).toEqual([])
  })

  it('does not let the user read the flows', async () => {
    answers = (query) => (query.includes('FROM flows') ? denied() : content(query))
    const store = await openStore({ clickhouse: url })
    await expect(store.select('time-range', {})).rejects.toMatchObject({
      code: 'ERR_STORE_READ',
      message: expect.stringMatching(/^the store did not answer the query time-range: me: Not enough privileges/),
    })
    await store.close()
  })

  it.each([
    { name: 'with a page', status: 404, body: '<html>\n<body>Not here</body></html>', says: '<html>' },
    { name: 'with a failure of its own', status: 500, body: 'Internal Server Error', says: 'Internal Server Error' },
    { name: 'with a failure and no word', status: 502, body: '', says: '' },
    { name: 'with a terminal escape', status: 503, body: '\x1b[2Jgone', says: '?[2Jgone' },
    { name: 'with contentment', status: 200, body: '<html>welcome</html>', says: '' },
    { name: 'with nothing', status: 200, body: '', says: '' },
    { name: 'with a version that is none', status: 200, body: '{"version":"latest"}', says: '' },
  ])('is not ClickHouse and answers $name', async ({ status, body, says }) => {
    answers = () => [status, 0, body]
    const error = await failureOf(url)
    expect(error.code).toBe('ERR_STORE_UNREACHABLE')
    const [, said] = /^what answers at \S+ is not ClickHouse's HTTP interface(?:: (.*))?$/.exec(error.message) ?? []
    expect(said ?? '').toBe(says)
    expect(error.fix).toMatch(/^correct the address/)
  })

  it('refuses rows', async () => {
    answers = (query) =>
      query.startsWith('INSERT') ? exception(500, 243, 'NOT_ENOUGH_SPACE', 'Cannot reserve 1.00 MiB') : content(query)
    const store = await openStore({ clickhouse: url })
    await expect(store.insertFlows('{}\n', 1, 't')).rejects.toMatchObject({
      code: 'ERR_STORE_WRITE',
      message: expect.stringMatching(/^the store did not take 1 rows for flows_in: Cannot reserve 1\.00 MiB/),
    })
    await store.close()
  })

  it('refuses rows after it has said 200, as it does when it reports progress', async () => {
    const [, , late] = exception(200, 243, 'NOT_ENOUGH_SPACE', 'Cannot reserve 1.00 MiB')
    answers = (query) => (query.startsWith('INSERT') ? [200, 0, late] : content(query))
    const store = await openStore({ clickhouse: url })
    await expect(store.insertFlows('{}\n', 1, 't')).rejects.toMatchObject({ code: 'ERR_STORE_WRITE' })
    await store.close()
  })
})

describe('what listens', () => {
  let server: TcpServer
  let url: string
  const sockets: Socket[] = []
  const LIMIT_MS = 300

  const listen = async (onConnect: (socket: Socket) => void): Promise<void> => {
    server = createTcpServer((socket) => {
      sockets.push(socket)
      // The other end goes away when it has had enough.
      socket.on('error', () => undefined)
      onConnect(socket)
    })
    url = await listening(server)
  }
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  it.each([
    { name: 'but says nothing', onConnect: () => undefined },
    {
      name: 'but never comes to its end',
      onConnect: (socket: Socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        const drip = setInterval(() => socket.write('1\r\n \r\n'), 20)
        socket.on('close', () => clearInterval(drip))
      },
    },
  ])('$name is given up in bounded time', async ({ onConnect }) => {
    await listen(onConnect)
    const started = performance.now()
    const error = await errorOf(connectServer(url, LIMIT_MS))
    expect(performance.now() - started).toBeLessThan(LIMIT_MS * 10)
    expect(error.code).toBe('ERR_STORE_UNREACHABLE')
    expect(error.message).toMatch(/^ClickHouse at \S+ cannot be reached: it does not answer$/)
    expect(sockets.length).toBeGreaterThan(0)
  })

  it('but speaks another protocol is not ClickHouse', async () => {
    await listen((socket) => socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'))
    const error = await failureOf(url)
    expect(error.code).toBe('ERR_STORE_UNREACHABLE')
    expect(error.message).toMatch(/is not ClickHouse's HTTP interface: Parse Error/)
  })

  it('but hangs up is an error with a reason', async () => {
    await listen((socket) => socket.destroy())
    expect(await failureOf(url)).toMatchObject({
      code: 'ERR_STORE_UNREACHABLE',
      message: expect.stringMatching(/cannot be reached: the connection was reset$/),
    })
  })
})
