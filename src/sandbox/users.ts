/** A user who can sign in at the sandbox. */
export interface SandboxUser {
  id: number
  username: string
  firstName: string
  lastName: string
  email: string
  /** `USER`, `ADMIN` or `STAKEHOLDER`. */
  role: string
  /** The account, as the access token names it. */
  tenant: string
  timezone: string
  language: string
  position: string
  department: string
  region: string
  shiftColor: string
}

/** Three roles in two accounts, and a name that needs escaping in HTML. */
const PEOPLE: readonly SandboxUser[] = [
  {
    id: 41_023,
    username: 'mara.lindqvist',
    firstName: 'Mara',
    lastName: 'Lindqvist',
    email: 'mara.lindqvist@nordwind.example',
    role: 'ADMIN',
    tenant: 'nordwind',
    timezone: 'Europe/Berlin',
    language: 'de',
    position: 'Head of Operations',
    department: 'Platform',
    region: 'DE',
    shiftColor: '#2f7de1',
  },
  {
    id: 41_057,
    username: 'tunde.okafor',
    firstName: 'Tunde',
    lastName: 'Okafor',
    email: 'tunde.okafor@nordwind.example',
    role: 'USER',
    tenant: 'nordwind',
    timezone: 'Europe/Berlin',
    language: 'en',
    position: 'Site Reliability Engineer',
    department: 'Platform',
    region: 'DE',
    shiftColor: '#e1762f',
  },
  {
    id: 58_311,
    username: 'aoife.obrien',
    firstName: 'Aoife',
    lastName: "O'Brien",
    email: 'aoife.obrien@bluepeak.example',
    role: 'STAKEHOLDER',
    tenant: 'bluepeak',
    timezone: 'America/New_York',
    language: 'en',
    position: 'Customer Success',
    department: 'Sales & Support',
    region: 'US',
    shiftColor: '#3fa34d',
  },
]

/** The people of the sandbox: copies, changing them changes nobody. */
export function sandboxUsers(): SandboxUser[] {
  return PEOPLE.map((user) => ({ ...user }))
}
