/** HTTP/2 and gRPC in the clear: what a call's own status says of a login. */
import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { http2 } from '../../src/dissect/http2.ts'
import { conversation, Reading } from './conversation.ts'

const HEADERS = 1
const END_HEADERS = 4

const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream]), payload])

/** RFC 7541 §6.2.2: literal fields that are not indexed. */
const block = (fields: Readonly<Record<string, string>>): Buffer =>
  frame(
    HEADERS,
    END_HEADERS,
    1,
    Buffer.concat(
      Object.entries(fields).map(([name, value]) =>
        Buffer.concat([
          Buffer.from([0, name.length]),
          Buffer.from(name),
          Buffer.from([value.length]),
          Buffer.from(value),
        ]),
      ),
    ),
  )

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const SETTINGS = frame(4, 0, 0, Buffer.alloc(0))
const GRPC = { 'content-type': 'application/grpc' }
const ANSWER = { ':status': '200', ...GRPC }

function called(request: Readonly<Record<string, string>>, ...answers: readonly Readonly<Record<string, string>>[]) {
  const asked = Buffer.concat([PREFACE, SETTINGS, block({ ':method': 'POST', ...request })])
  const answered = Buffer.concat([SETTINGS, ...answers.map(block)])
  const { facts } = new Reading(http2).hears(conversation([CLIENT, asked], [SERVER, answered])).finish()
  const { credentialsExposed, authMechanisms, authOutcome } = facts
  return { credentialsExposed, authMechanisms, authOutcome }
}

describe('a call of gRPC', () => {
  const bearer = { ':path': '/example.Orders/List', ...GRPC, authorization: 'Bearer example-token-0001' }
  const login = { ':path': '/etcdserverpb.Auth/Authenticate', ...GRPC }

  it.each([
    { name: 'good: status 0 in the trailers', answers: [ANSWER, { 'grpc-status': '0' }], outcome: 'success' },
    { name: 'bad: UNAUTHENTICATED in the trailers', answers: [ANSWER, { 'grpc-status': '16' }], outcome: 'failure' },
    { name: 'bad: UNAUTHENTICATED at once', answers: [{ ...ANSWER, 'grpc-status': '16' }], outcome: 'failure' },
    { name: 'bad: refused by HTTP itself', answers: [{ ':status': '401' }], outcome: 'failure' },
    { name: 'untold: an argument that was wrong', answers: [ANSWER, { 'grpc-status': '3' }], outcome: null },
    { name: 'untold: 200 alone, which begins every answer', answers: [ANSWER], outcome: null },
  ])('says that its token was $name', ({ answers, outcome }) => {
    expect(called(bearer, ...answers)).toMatchObject({ authMechanisms: ['http-bearer'], authOutcome: outcome })
  })

  it.each([
    { status: '0', outcome: 'success' },
    { status: '3', outcome: 'failure' },
  ])('to log in to etcd carries a password; status $status is $outcome', ({ status, outcome }) => {
    expect(called(login, ANSWER, { 'grpc-status': status })).toEqual({
      credentialsExposed: ['etcd-password'],
      authMechanisms: ['etcd-password'],
      authOutcome: outcome,
    })
  })

  it("to etcd carries a login's token by a word of its own", () => {
    expect(called({ ':path': '/etcdserverpb.KV/Range', ...GRPC, token: 'example-token-0001' })).toMatchObject({
      credentialsExposed: ['http-api-key'],
    })
  })
})
