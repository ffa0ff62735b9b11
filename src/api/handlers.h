// The handlers behind routes.cc, one function per route. Each reads its call, lets the gate act,
// and leaves the answer for after the gate has settled.
#pragma once

#include "api/api.h"

namespace countersign::api {

// agent_handlers.cc
Reply submit_action(Api& api, const Call& call);
Reply agent_action(Api& api, const Call& call);
Reply report_outcome(Api& api, const Call& call);
Reply report_outcomes(Api& api, const Call& call);
Reply observe(Api& api, const Call& call);
Reply note_refusal(Api& api, const Call& call);
Reply delegate_session(Api& api, const Call& call);

// action_handlers.cc
Reply list_actions(Api& api, const Call& call);
Reply show_action(Api& api, const Call& call);
Reply vote_statement(Api& api, const Call& call);
Reply vote_on_action(Api& api, const Call& call);
Reply propose_rule(Api& api, const Call& call);
Reply action_receipt(Api& api, const Call& call);

// session_handlers.cc
Reply open_session(Api& api, const Call& call);
Reply list_sessions(Api& api, const Call& call);
Reply show_session(Api& api, const Call& call);
Reply revoke_session(Api& api, const Call& call);
Reply end_session(Api& api, const Call& call);
Reply list_approvers(Api& api, const Call& call);
Reply enrol_approver(Api& api, const Call& call);
Reply remove_approver(Api& api, const Call& call);

// rule_handlers.cc
Reply list_rules(Api& api, const Call& call);
Reply add_rule(Api& api, const Call& call);
Reply show_rule(Api& api, const Call& call);
Reply retire_rule(Api& api, const Call& call);
Reply review_rule(Api& api, const Call& call);
Reply review_list(Api& api, const Call& call);
Reply test_rule(Api& api, const Call& call);
Reply show_policy(Api& api, const Call& call);
Reply reload_policy(Api& api, const Call& call);

// record_handlers.cc
Reply list_records(Api& api, const Call& call);
Reply show_record(Api& api, const Call& call);
Reply reindex_records(Api& api, const Call& call);
Reply show_checkpoint(Api& api, const Call& call);
Reply start_incident(Api& api, const Call& call);
Reply show_incident(Api& api, const Call& call);
Reply governance(Api& api, const Call& call);
Reply baselines(Api& api, const Call& call);

// log_handlers.cc
Reply log_file(Api& api, const Call& call);

// gateway_handlers.cc
Reply status(Api& api, const Call& call);
Reply freeze(Api& api, const Call& call);
Reply thaw(Api& api, const Call& call);
Reply events(Api& api, const Call& call);
Reply metrics(Api& api, const Call& call);

}  // namespace countersign::api
