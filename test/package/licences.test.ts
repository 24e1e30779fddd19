/*
 * What an app gets with the package: the bill of materials, and under which licences it comes.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

interface Component {
  name: string
  version: string
  purl: string
  licenses?: { license?: { id?: string; name?: string }; expression?: string }[]
  hashes?: { alg: string; content: string }[]
  properties?: { name: string }[]
}

/** What may be given on with an app of any licence, for no more than naming its authors. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']

/** Whose package.json says it in a form that was given up. Read in the package itself. */
const IN_ANOTHER_FORM: Record<string, string> = { 'passport-strategy@1.0.0': 'MIT' }

let root: Component
let components: Component[]

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['tools/sbom.js'], { maxBuffer: 2 ** 24 })
  const bill = JSON.parse(stdout)
  expect([bill.bomFormat, bill.specVersion]).toEqual(['CycloneDX', '1.5'])
  root = bill.metadata.component
  components = bill.components
})

const id = ({ name, version, purl }: Component) =>
  `${decodeURIComponent(purl.slice('pkg:npm/'.length, -version.length - 1)) || name}@${version}`
const licenceOf = ({ licenses = [] }: Component) =>
  licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name).join(' AND ')

test('the bill of materials has what the package depends on, and nothing that tests depend on', async () => {
  const { name, version, license, dependencies, devDependencies } = JSON.parse(await readFile('package.json', 'utf8'))
  expect([id(root), licenceOf(root)]).toEqual([`${name}@${version}`, license])
  const names = components.map((component) => id(component).replace(/@[^@]+$/, ''))
  expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)))
  const forTests = new Set(Object.keys(devDependencies))
  expect(names.filter((each) => forTests.has(each))).toEqual([])
  expect(components.filter(({ hashes }) => hashes?.[0]?.alg !== 'SHA-512')).toEqual([])
  expect(components.flatMap(({ properties = [] }) => properties)).toEqual([]) // such as 'extraneous'
})

test('every licence is one of those that are allowed', () => {
  const others = components
    .map((component): [string, string] => [id(component), licenceOf(component)])
    .filter(([, licence]) => !ALLOWED.includes(licence))
  expect(Object.fromEntries(others)).toEqual(Object.fromEntries(Object.keys(IN_ANOTHER_FORM).map((each) => [each, ''])))
  for (const licence of Object.values(IN_ANOTHER_FORM)) expect(ALLOWED).toContain(licence)
})
