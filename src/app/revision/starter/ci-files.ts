export const CI_SYSTEMS = ['github', 'gitlab'] as const
export type CiSystem = (typeof CI_SYSTEMS)[number]

/**
 * A tarball by its address and its sha256, and never a name of a registry, which somebody else may own or change. Where the
 * variables are not set, the job says so.
 */
const INSTALL = [
  `curl --fail --silent --show-error --location "\${TILL_TARBALL:?set this variable to the address of the tarball of Tillwright}" --output till.tgz`,
  `echo "\${TILL_SHA256:?set this variable to the sha256 of that tarball}  till.tgz" | sha256sum --check --quiet`,
  'npm install --global --no-audit --no-fund ./till.tgz && rm till.tgz',
] as const

const lines = (blanks: number, dash: string, texts: readonly string[]): string =>
  texts.map((text) => `${' '.repeat(blanks)}${dash}${text}`).join('\n')

const GITHUB = `# Checks every change of this repository, shows in the pull request what it would change on devices, and applies what was
# reviewed once it is merged.
#
# Variables of the repository (Settings, Secrets and variables, Actions):
#   TILL_TARBALL, TILL_SHA256  address and sha256 of the package (npm pack makes it)
#   TILL_RUNBOOK               the runbook that is planned and applied; without it, changes are only checked
#   TILL_RUNNER                label of a runner of yours that reaches the stores
# Secrets:
#   TILL_PLAN_KEY              not needed: a private SSH key that signs plans (see \`plans\` of tillwright.yaml)
name: tillwright
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
env:
  TILL_TARBALL: \${{ vars.TILL_TARBALL }}
  TILL_SHA256: \${{ vars.TILL_SHA256 }}
jobs:
  validate:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      security-events: write
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: {node-version: 22}
      - run: |
${lines(10, '', INSTALL)}
      - run: till validate --format sarif > validate.sarif
      - uses: github/codeql-action/upload-sarif@v3
        if: always()
        with: {sarif_file: validate.sarif}
      - run: till validate
        if: failure()

  # Only for branches of this repository: what a fork says must not run near the stores.
  plan:
    needs: validate
    if: github.event_name == 'pull_request' && vars.TILL_RUNBOOK != '' && github.event.pull_request.head.repo.full_name == github.repository
    runs-on: \${{ vars.TILL_RUNNER || 'self-hosted' }}
    permissions:
      contents: read
      pull-requests: write
      security-events: write
    env:
      GH_TOKEN: \${{ github.token }}
      TILL_RUNBOOK: \${{ vars.TILL_RUNBOOK }}
      PULL_REQUEST: \${{ github.event.pull_request.number }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/cache@v4
        with: {path: .till, key: "till-\${{ github.run_id }}", restore-keys: till-}
      - run: |
${lines(10, '', INSTALL)}
      # What differs, what does not hold and who is out of reach stands in the comment, and stops nobody.
      - env:
          PLAN_KEY: \${{ secrets.TILL_PLAN_KEY }}
        run: |
          key="$RUNNER_TEMP/plan_key"
          test -z "$PLAN_KEY" || (umask 077; printf '%s\\n' "$PLAN_KEY" > "$key")
          till plan "$TILL_RUNBOOK" \${PLAN_KEY:+--sign "$key"} --output plan.json --markdown plan.md --html plan.html --sarif plan.sarif --fail-on failed
      - uses: github/codeql-action/upload-sarif@v3
        if: always() && hashFiles('plan.sarif') != ''
        with: {sarif_file: plan.sarif, category: plan}
      - if: always()
        run: |
          test -s plan.md || exit 0
          gh pr comment "$PULL_REQUEST" --body-file plan.md --edit-last || gh pr comment "$PULL_REQUEST" --body-file plan.md
      - uses: actions/upload-artifact@v4
        if: always()
        with: {name: plan, path: "plan.*", if-no-files-found: ignore}

  # The plan of the pull request that was merged; where there is none, nothing is applied. Let \`environment\` ask a person.
  apply:
    needs: validate
    if: github.event_name == 'push' && vars.TILL_RUNBOOK != ''
    runs-on: \${{ vars.TILL_RUNNER || 'self-hosted' }}
    environment: stores
    concurrency: stores
    permissions:
      contents: read
      actions: read
      pull-requests: read
    env:
      GH_TOKEN: \${{ github.token }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/cache@v4
        with: {path: .till, key: "till-\${{ github.run_id }}", restore-keys: till-}
      - run: |
${lines(10, '', INSTALL)}
      - run: |
          reviewed=$(gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" --jq '.[0].head.sha')
          test -n "$reviewed" || { echo "No pull request brought $GITHUB_SHA: there is no reviewed plan."; exit 1; }
          run=$(gh run list --workflow tillwright.yml --commit "$reviewed" --event pull_request --json databaseId --jq '.[0].databaseId')
          gh run download "$run" --name plan
      - run: till apply plan.json --yes --json --fail-on failed,indeterminate,unreachable,unknown,deferred > result.json
      - uses: actions/upload-artifact@v4
        if: always()
        with: {name: result, path: result.json, if-no-files-found: ignore}
`

const GITLAB = `# Checks every change of this repository, shows in the merge request what it would change on devices, and applies what was
# reviewed once it is merged.
#
# Variables of the project (Settings, CI/CD, Variables):
#   TILL_TARBALL, TILL_SHA256  address and sha256 of the package (npm pack makes it)
#   TILL_RUNBOOK               the runbook that is planned and applied; without it, changes are only checked
#   TILL_API_TOKEN             masked: token of the project with the scope api, to comment and to fetch the reviewed plan
#   TILL_PLAN_KEY              of type File, and not needed: a private SSH key that signs plans (see \`plans\` of tillwright.yaml)
stages: [check, plan, apply]

default:
  image: node:22
  before_script:
${lines(
  4,
  '- ',
  INSTALL.map((line) => JSON.stringify(line)),
)}

.stores:
  tags: [stores]                 # a runner of yours that reaches them
  cache: {key: till, paths: [.till]}

validate:
  stage: check
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  script:
    - till validate --format code-quality > validate.json || true
    - till validate --format junit > validate.xml || { till validate; exit 2; }
  artifacts:
    when: always
    reports:
      junit: validate.xml
      codequality: validate.json

plan:
  extends: .stores
  stage: plan
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event" && $TILL_RUNBOOK && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID
  script:
    # What differs, what does not hold and who is out of reach stands in the comment and in the reports, and stops nobody.
    - till plan "$TILL_RUNBOOK" \${TILL_PLAN_KEY:+--sign "$TILL_PLAN_KEY"} --output plan.json --markdown plan.md --html plan.html --junit plan.xml --code-quality quality.json --fail-on failed
  after_script:
    - test -s plan.md || exit 0
    - 'curl --fail --silent --show-error --output /dev/null --header "PRIVATE-TOKEN: $TILL_API_TOKEN" --data-urlencode body@plan.md "$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes"'
  artifacts:
    when: always
    paths: [plan.json, plan.json.sig, plan.md, plan.html]
    reports:
      junit: plan.xml
      codequality: quality.json

# The plan of the merge request that was merged; where there is none, nothing is applied.
apply:
  extends: .stores
  stage: apply
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $TILL_RUNBOOK
      when: manual
  resource_group: stores         # one at a time
  script:
    - api="$CI_API_V4_URL/projects/$CI_PROJECT_ID"
    - 'request=$(curl --fail --silent --show-error --header "PRIVATE-TOKEN: $TILL_API_TOKEN" "$api/repository/commits/$CI_COMMIT_SHA/merge_requests" | node -p "JSON.parse(require(\\"fs\\").readFileSync(0))[0]?.iid ?? \\"\\"")'
    - 'test -n "$request" || { echo "No merge request brought $CI_COMMIT_SHA: there is no reviewed plan."; exit 1; }'
    - 'curl --fail --silent --show-error --location --header "PRIVATE-TOKEN: $TILL_API_TOKEN" --output plan.json "$api/jobs/artifacts/refs%2Fmerge-requests%2F$request%2Fhead/raw/plan.json?job=plan"'
    - 'curl --fail --silent --location --header "PRIVATE-TOKEN: $TILL_API_TOKEN" --output plan.json.sig "$api/jobs/artifacts/refs%2Fmerge-requests%2F$request%2Fhead/raw/plan.json.sig?job=plan" || echo "The plan is not signed."'
    - till apply plan.json --yes --json --junit result.xml --fail-on failed,indeterminate,unreachable,unknown,deferred > result.json
  artifacts:
    when: always
    paths: [result.json]
    reports:
      junit: result.xml
`

/** A pipeline for each system: where it stands, and what it says. */
export const CI_FILES: Readonly<Record<CiSystem, { readonly path: string; readonly text: string }>> = {
  github: { path: '.github/workflows/tillwright.yml', text: GITHUB },
  gitlab: { path: '.gitlab-ci.yml', text: GITLAB },
}
