// The handlers of the command table, one per verb. Each prints its results and returns the exit
// status, or an Error that main prints as "countersign: VERB: why (hint: ...)".
#pragma once

#include "cli/arguments.h"
#include "cli/world.h"

namespace countersign::cli {

// verb_run.cc
Result<int> verb_run(World& world, const Arguments& arguments);
// verb_judge.cc: words go on to `countersignd judge`
Result<int> verb_check(World& world, const Arguments& arguments);
Result<int> verb_parse(World& world, const Arguments& arguments);
Result<int> verb_explain(World& world, const Arguments& arguments);
Result<int> verb_policy(World& world, const Arguments& arguments);
Result<int> verb_policy_reload(World& world, const Arguments& arguments);
// verb_doors.cc
Result<int> verb_sh(World& world, const Arguments& arguments);
Result<int> verb_hook(World& world, const Arguments& arguments);
// verb_actions.cc
Result<int> verb_pending(World& world, const Arguments& arguments);
Result<int> verb_show(World& world, const Arguments& arguments);
// verb_vote.cc
Result<int> verb_approve(World& world, const Arguments& arguments);
Result<int> verb_deny(World& world, const Arguments& arguments);
// verb_watch.cc
Result<int> verb_watch(World& world, const Arguments& arguments);
// verb_rules.cc
Result<int> verb_rules_list(World& world, const Arguments& arguments);
Result<int> verb_rules_add(World& world, const Arguments& arguments);
Result<int> verb_rules_show(World& world, const Arguments& arguments);
Result<int> verb_rules_test(World& world, const Arguments& arguments);
Result<int> verb_rules_retire(World& world, const Arguments& arguments);
// verb_review.cc
Result<int> verb_rules_review(World& world, const Arguments& arguments);
Result<int> verb_rules_suggest(World& world, const Arguments& arguments);
// verb_session.cc
Result<int> verb_session_list(World& world, const Arguments& arguments);
Result<int> verb_session_show(World& world, const Arguments& arguments);
Result<int> verb_session_revoke(World& world, const Arguments& arguments);
Result<int> verb_session_end(World& world, const Arguments& arguments);
// verb_audit.cc
Result<int> verb_audit_tail(World& world, const Arguments& arguments);
Result<int> verb_audit_search(World& world, const Arguments& arguments);
Result<int> verb_audit_show(World& world, const Arguments& arguments);
Result<int> verb_audit_reindex(World& world, const Arguments& arguments);
Result<int> verb_audit_export(World& world, const Arguments& arguments);
// verb_evidence.cc
Result<int> verb_audit_verify(World& world, const Arguments& arguments);
Result<int> verb_audit_prove(World& world, const Arguments& arguments);
Result<int> verb_audit_publish(World& world, const Arguments& arguments);
Result<int> verb_audit_receipt(World& world, const Arguments& arguments);
Result<int> verb_audit_witness(World& world, const Arguments& arguments);
// verb_incident.cc
Result<int> verb_incident_start(World& world, const Arguments& arguments);
Result<int> verb_incident_status(World& world, const Arguments& arguments);
Result<int> verb_incident_export(World& world, const Arguments& arguments);
Result<int> verb_incident_drill(World& world, const Arguments& arguments);
// verb_report.cc
Result<int> verb_report_governance(World& world, const Arguments& arguments);
// verb_gateway.cc
Result<int> verb_status(World& world, const Arguments& arguments);
Result<int> verb_gateway_start(World& world, const Arguments& arguments);
Result<int> verb_gateway_stop(World& world, const Arguments& arguments);
Result<int> verb_freeze(World& world, const Arguments& arguments);
Result<int> verb_thaw(World& world, const Arguments& arguments);
// verb_changes.cc
Result<int> verb_changes(World& world, const Arguments& arguments);
// verb_profile.cc
Result<int> verb_profile_list(World& world, const Arguments& arguments);
Result<int> verb_profile_show(World& world, const Arguments& arguments);
// verb_doctor.cc
Result<int> verb_doctor(World& world, const Arguments& arguments);
// verb_approver.cc (people and their keys)
Result<int> verb_approver_list(World& world, const Arguments& arguments);
Result<int> verb_approver_add(World& world, const Arguments& arguments);
Result<int> verb_approver_remove(World& world, const Arguments& arguments);
Result<int> verb_keys_new(World& world, const Arguments& arguments);
Result<int> verb_keys_list(World& world, const Arguments& arguments);
// verb_help.cc
Result<int> verb_version(World& world, const Arguments& arguments);
Result<int> verb_help(World& world, const Arguments& arguments);

}  // namespace countersign::cli
