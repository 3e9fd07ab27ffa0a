import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { SARIF } from '../../src/export/sarif.ts'
import { context, flow, PLAIN, summaryOf } from './made-records.ts'

const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false })
addFormats.default(ajv)
const validate = ajv.compile(JSON.parse(readFileSync(new URL('sarif-2.1.0.schema.json', import.meta.url), 'utf8')))

function logOf(...[records, more]: Parameters<typeof summaryOf>) {
  const log = JSON.parse(SARIF.begin(context()).end(summaryOf(records, more)))
  expect(validate(log), ajv.errorsText(validate.errors)).toBe(true)
  return log.runs[0]
}

it('is what the schema demands, also of nothing', () => {
  expect(logOf([]).results).toEqual([])
  expect(validate({ version: '2.1.0', runs: [{ tool: {} }] })).toBe(false)
})

describe('a result', () => {
  it('is one for each rule and endpoint, however many flows', () => {
    const run = logOf([flow(PLAIN), flow(PLAIN), flow({ ...PLAIN, server_port: 8080 }), flow()])
    expect(run.results).toHaveLength(2)
    expect(run.results[0]).toMatchObject({
      ruleId: 'sec09-recommended/cleartext',
      ruleIndex: 0,
      level: 'error',
      occurrenceCount: 2,
    })
    expect(run.tool.driver.rules).toHaveLength(1)
    expect(run.tool.driver.rules[0].properties['security-severity']).toBe('9.5')
  })

  it('has the same fingerprint in every run, and another for another endpoint', () => {
    const prints = (port: number) =>
      logOf([flow({ ...PLAIN, server_port: port })]).results.map(
        (one: Record<string, unknown>) => one['partialFingerprints'],
      )
    expect(prints(80)).toEqual(prints(80))
    expect(prints(80)).not.toEqual(prints(81))
  })

  it('stands in its capture, by a URI', () => {
    const source = 'a b/ü#1:2.pcap'
    const captures = [{ source, path: `traces/${source}`, problem: null }]
    const [result] = logOf([flow({ ...PLAIN, source })], { captures }).results
    expect(result.locations[0].physicalLocation.artifactLocation.uri).toBe('traces/a%20b/%C3%BC%231%3A2.pcap')
  })

  it('of a rule whose pack is not at hand has its name alone', () => {
    const run = logOf([flow({ violations: ['ours/gone'] })])
    expect(run.tool.driver.rules).toEqual([{ id: 'ours/gone' }])
    expect(run.results[0].level).toBe('warning')
  })

  it('survives what comes off the wire', () => {
    const run = logOf([flow({ ...PLAIN, http_host: '\u001b[2J\ud800"<script>', source: '\ud800' })])
    expect(run.results[0].message.text).toContain('<script>')
  })
})

it('says of a capture that could not be read why', () => {
  const problem = 'ERR_SOURCE_FORMAT: notes.txt is no capture'
  const run = logOf([], { captures: [{ source: 'notes.txt', path: '/tmp/notes.txt', problem }] })
  expect(run.invocations[0].executionSuccessful).toBe(false)
  expect(run.invocations[0].toolExecutionNotifications[0]).toMatchObject({ level: 'error', message: { text: problem } })
})
