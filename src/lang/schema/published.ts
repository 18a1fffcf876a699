import type { Module } from '../../core/module.ts'
import { API_ANSWER_SCHEMAS } from './api-answers.ts'
import { APPROVAL_JSON_SCHEMA } from './approval-answer.ts'
import {
  AUDIT_ANCHOR_JSON_SCHEMA,
  AUDIT_CUT_JSON_SCHEMA,
  AUDIT_JSON_SCHEMA,
  AUDIT_VERIFIED_JSON_SCHEMA,
} from './audit-answers.ts'
import { BLAME_JSON_SCHEMA } from './blame-answer.ts'
import { BREAKER_JSON_SCHEMA } from './breaker-answer.ts'
import { CODE_QUALITY_JSON_SCHEMA } from './code-quality.ts'
import { DIAGNOSTICS_JSON_SCHEMA } from './diagnostics.ts'
import { DOCTOR_JSON_SCHEMA, DOCTOR_MACHINE_JSON_SCHEMA } from './doctor-answer.ts'
import { DRIFT_JSON_SCHEMA } from './drift-answer.ts'
import { ERRORS_JSON_SCHEMA } from './errors-answer.ts'
import { EVENT_JSON_SCHEMA } from './event.ts'
import { FOREIGN_ANSWER_SCHEMAS } from './foreign-answers.ts'
import { GITOPS_SCHEMA } from './gitops.ts'
import { GITOPS_ANSWER_SCHEMAS } from './gitops-answers.ts'
import {
  HISTORY_JSON_SCHEMA,
  RUNS_DIFF_JSON_SCHEMA,
  RUNS_JSON_SCHEMA,
  STATUS_DEVICE_JSON_SCHEMA,
  STATUS_JSON_SCHEMA,
  UNFINISHED_JSON_SCHEMA,
  WATCH_JSON_SCHEMA,
} from './history-answers.ts'
import { HOOK_ANSWER_SCHEMAS } from './hook-answers.ts'
import { INCIDENT_ANSWER_SCHEMAS } from './incident-answers.ts'
import { INIT_JSON_SCHEMA } from './init-answer.ts'
import { INVENTORY_SCHEMA } from './inventory.ts'
import { INVENTORY_ANSWER_SCHEMAS } from './inventory-answers.ts'
import { MODULE_SCHEMA } from './module.ts'
import { MODULE_ANSWER_SCHEMAS } from './module-answers.ts'
import { MODULE_TEST_SCHEMA } from './module-test.ts'
import { PLAN_JSON_SCHEMA } from './plan.ts'
import { PREVIEW_JSON_SCHEMA } from './preview-answer.ts'
import { PROJECT_SCHEMA } from './project.ts'
import { PROMOTION_JSON_SCHEMA } from './promotion-answer.ts'
import { RECONCILE_ANSWER_SCHEMAS } from './reconcile-answers.ts'
import { CHECKLIST_JSON_SCHEMA, DUPLICATES_JSON_SCHEMA, SCHEDULED_REPORTS_JSON_SCHEMA } from './report-answers.ts'
import { REPORT_TABLE_SCHEMAS } from './report-tables.ts'
import { RESPONSIBILITY_SCHEMA } from './responsibility.ts'
import { RESULT_JSON_SCHEMA } from './result.ts'
import { runbookSchema } from './runbook.ts'
import { SAFETY_ANSWER_SCHEMAS } from './safety-answers.ts'
import { SANDBOX_JSON_SCHEMA } from './sandbox-answers.ts'
import { SERVER_ANSWER_SCHEMAS } from './server-answers.ts'
import { SINKS_ANSWER_SCHEMAS } from './sinks-answers.ts'
import { SOURCES_ANSWER_SCHEMAS } from './sources-answers.ts'
import { STATE_ANSWER_SCHEMAS } from './state-answers.ts'
import { SYNC_ANSWER_SCHEMAS } from './sync-answers.ts'

/** Every schema that is published in `schemas/`, by the name of its file. */
export function publishedSchemas(modules: readonly Module[]): Readonly<Record<string, object>> {
  return {
    inventory: { $id: 'https://tillwright.dev/schemas/inventory/1', ...INVENTORY_SCHEMA },
    runbook: runbookSchema(modules),
    project: PROJECT_SCHEMA,
    responsibility: RESPONSIBILITY_SCHEMA,
    gitops: GITOPS_SCHEMA,
    ...GITOPS_ANSWER_SCHEMAS,
    ...RECONCILE_ANSWER_SCHEMAS,
    module: MODULE_SCHEMA,
    'module-test': MODULE_TEST_SCHEMA,
    ...MODULE_ANSWER_SCHEMAS,
    plan: PLAN_JSON_SCHEMA,
    preview: PREVIEW_JSON_SCHEMA,
    promotion: PROMOTION_JSON_SCHEMA,
    blame: BLAME_JSON_SCHEMA,
    drift: DRIFT_JSON_SCHEMA,
    result: RESULT_JSON_SCHEMA,
    event: EVENT_JSON_SCHEMA,
    diagnostics: DIAGNOSTICS_JSON_SCHEMA,
    status: STATUS_JSON_SCHEMA,
    'status-device': STATUS_DEVICE_JSON_SCHEMA,
    watch: WATCH_JSON_SCHEMA,
    runs: RUNS_JSON_SCHEMA,
    unfinished: UNFINISHED_JSON_SCHEMA,
    history: HISTORY_JSON_SCHEMA,
    'runs-diff': RUNS_DIFF_JSON_SCHEMA,
    ...INVENTORY_ANSWER_SCHEMAS,
    ...FOREIGN_ANSWER_SCHEMAS,
    ...HOOK_ANSWER_SCHEMAS,
    ...INCIDENT_ANSWER_SCHEMAS,
    ...SERVER_ANSWER_SCHEMAS,
    ...API_ANSWER_SCHEMAS,
    ...SINKS_ANSWER_SCHEMAS,
    ...SOURCES_ANSWER_SCHEMAS,
    ...STATE_ANSWER_SCHEMAS,
    ...SYNC_ANSWER_SCHEMAS,
    sandbox: SANDBOX_JSON_SCHEMA,
    approval: APPROVAL_JSON_SCHEMA,
    audit: AUDIT_JSON_SCHEMA,
    'audit-anchor': AUDIT_ANCHOR_JSON_SCHEMA,
    'audit-cut': AUDIT_CUT_JSON_SCHEMA,
    'audit-verified': AUDIT_VERIFIED_JSON_SCHEMA,
    breaker: BREAKER_JSON_SCHEMA,
    ...SAFETY_ANSWER_SCHEMAS,
    doctor: DOCTOR_JSON_SCHEMA,
    'doctor-machine': DOCTOR_MACHINE_JSON_SCHEMA,
    checklist: CHECKLIST_JSON_SCHEMA,
    'scheduled-reports': SCHEDULED_REPORTS_JSON_SCHEMA,
    ...REPORT_TABLE_SCHEMAS,
    duplicates: DUPLICATES_JSON_SCHEMA,
    'code-quality': CODE_QUALITY_JSON_SCHEMA,
    errors: ERRORS_JSON_SCHEMA,
    init: INIT_JSON_SCHEMA,
  }
}
