// JSON forms of the model: the one spelling on the wire, in the store and in the log.
// parse(print(x)) == x; an unknown member or a value out of bounds is Malformed or LimitExceeded.
// The forms are described in docs/formats/answer.md and docs/api/openapi.yaml. Pure; thread safe.
#pragma once

#include <boost/json/fwd.hpp>

#include "base/result.h"
#include "model/action.h"
#include "model/rule.h"
#include "model/session.h"
#include "model/verdict.h"
#include "model/vote.h"

namespace countersign::model {

boost::json::value to_json(const AgentIdentity& agent);
boost::json::value to_json(const Action& action);
boost::json::value to_json(const Context& context);
boost::json::value to_json(const ActionRequest& request);
boost::json::value to_json(const Outcome& outcome);
boost::json::value to_json(const Effect& effect);
boost::json::value to_json(const Finding& finding);
boost::json::value to_json(const Factor& factor);
boost::json::value to_json(const JudgedCommand& command);
/// Flat, as `check` answers: decision, approvals, tier, risk, factors, findings, effects, commands,
/// complete, rule, policy, reason, hint.
boost::json::value to_json(const Verdict& verdict);
boost::json::value to_json(const Rule& rule);
boost::json::value to_json(const Vote& vote);
boost::json::value to_json(const Approver& approver);
boost::json::value to_json(const Session& session);
boost::json::value to_json(const SessionRequest& request);

Result<AgentIdentity> agent_from(const boost::json::value& value);
Result<Action> action_from(const boost::json::value& value);
Result<Context> context_from(const boost::json::value& value);
Result<ActionRequest> request_from(const boost::json::value& value);
Result<Outcome> outcome_from(const boost::json::value& value);
Result<Effect> effect_from(const boost::json::value& value);
Result<Finding> finding_from(const boost::json::value& value);
Result<Verdict> verdict_from(const boost::json::value& value);
Result<Rule> rule_from(const boost::json::value& value);
Result<Vote> vote_from(const boost::json::value& value);
Result<Approver> approver_from(const boost::json::value& value);
Result<Session> session_from(const boost::json::value& value);
Result<SessionRequest> session_request_from(const boost::json::value& value);

}  // namespace countersign::model
