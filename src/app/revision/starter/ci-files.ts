export const CI_SYSTEMS = ['github', 'gitlab'] as const
export type CiSystem = (typeof CI_SYSTEMS)[number]

const GITHUB = `# Checks every change of this repository. Problems are shown at their lines in the pull request.
name: tillwright
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
  security-events: write
env:
  # The name of the package, or the address of its tarball.
  TILL_PACKAGE: tillwright
jobs:
  validate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: {node-version: 22}
      - run: npm install --global "$TILL_PACKAGE"
      - run: till validate --format sarif > validate.sarif
      - uses: github/codeql-action/upload-sarif@v3
        if: always()
        with: {sarif_file: validate.sarif}
      - run: till validate
        if: failure()
# A plan needs a runner that reaches the stores, and the secrets that the inventory names:
#   till plan RUNBOOK --output plan.json --markdown plan.md
# and, once it was reviewed, till apply plan.json --yes --json > result.json
`

const GITLAB = `# Checks every change of this repository. Problems are shown in the merge request, as failed tests.
variables:
  # The name of the package, or the address of its tarball.
  TILL_PACKAGE: tillwright

validate:
  image: node:22
  script:
    - npm install --global "$TILL_PACKAGE"
    - till validate --format junit > validate.xml || { till validate; exit 2; }
  artifacts:
    when: always
    reports:
      junit: validate.xml
# A plan needs a runner that reaches the stores, and the secrets that the inventory names:
#   till plan RUNBOOK --output plan.json --markdown plan.md
# and, once it was reviewed, till apply plan.json --yes --json > result.json
`

/** A pipeline for each system: where it stands, and what it says. */
export const CI_FILES: Readonly<Record<CiSystem, { readonly path: string; readonly text: string }>> = {
  github: { path: '.github/workflows/tillwright.yml', text: GITHUB },
  gitlab: { path: '.gitlab-ci.yml', text: GITLAB },
}
