import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { oidcOf } from '../../src/cli/serve-oidc.ts'

const folder = mkdtempSync(join(tmpdir(), 'oidc-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const NOTHING = {
  listen: '127.0.0.1:8443',
  metricsWindow: '24',
  oidcRoleClaim: 'roles',
  judgeEvery: '10',
  fetchRate: '5',
}
const ALL = {
  ...NOTHING,
  oidcIssuer: 'https://id.example',
  oidcAudience: 'intransit',
  oidcKeys: file('keys.json', '{"keys":[]}'),
  oidcRole: ['cn=ops,dc=example=operator'],
}

it('asks for no provider where none is named', async () => expect(await oidcOf(NOTHING)).toBeNull())

it.each(['https://id.example/keys', 'http://127.0.0.1:9/keys', 'http://localhost/keys', ALL.oidcKeys])(
  'takes keys from %s',
  async (oidcKeys) => expect(await oidcOf({ ...ALL, oidcKeys })).toBeTypeOf('function'),
)

it.each([
  { name: 'half of it', more: { oidcAudience: undefined }, says: /by halves/ },
  { name: 'roles that are none', more: { oidcRole: ['sre=boss'] }, says: /sre=boss gives no role/ },
  { name: 'a role of nothing', more: { oidcRole: ['admin'] }, says: /gives no role/ },
  { name: 'keys in clear', more: { oidcKeys: 'http://id.example/keys' }, says: /would come in clear/ },
  {
    name: 'keys in clear from a name like ours',
    more: { oidcKeys: 'http://localhost.evil.example/k' },
    says: /in clear/,
  },
  { name: 'keys that are not there', more: { oidcKeys: join(folder, 'gone') }, says: /cannot be read/ },
  { name: 'what is no JSON', more: { oidcKeys: file('text', 'keys') }, says: /cannot be read/ },
  { name: 'what has no keys', more: { oidcKeys: file('other.json', '{"a":1}') }, says: /is no set of keys/ },
])('refuses $name', async ({ more, says }) => {
  const { oidcAudience: _, ...rest } = ALL
  const options = { ...('oidcAudience' in more ? rest : ALL), ...more } as typeof ALL
  await expect(oidcOf(options)).rejects.toMatchObject({ code: 'ERR_USAGE', message: expect.stringMatching(says) })
})
