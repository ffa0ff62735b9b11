// One action at the gateway: what was asked, what was said, where it stands. The stored form, the
// answer for agents and the view for people are three selections of the same members.
// Values; thread safe.
#pragma once

#include <array>
#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/action.h"
#include "model/verdict.h"
#include "model/vote.h"

namespace countersign::gate {

/// Pending and Suspended are open; Granted may be executed once; the rest is final.
///
///   submit -> Granted | Denied | Pending | Suspended
///   Pending   -> Granted (votes) | Denied (a vote, a revocation) | Expired (silence)
///   Suspended -> Granted | Denied | Pending (thawed and asked) | Expired
///   Granted   -> Done (outcome reported)
enum class ActionState { Pending, Suspended, Granted, Denied, Expired, Done };

inline constexpr std::array<std::string_view, 6> kActionStateNames = {
    "pending", "suspended", "granted", "denied", "expired", "done"};

constexpr std::string_view action_state_name(ActionState state) {
    return model::name_in(kActionStateNames, state);
}
constexpr std::optional<ActionState> action_state_from(std::string_view name) {
    return model::value_in<ActionState>(kActionStateNames, name);
}
constexpr bool is_open(ActionState state) {
    return state == ActionState::Pending || state == ActionState::Suspended;
}

struct ActionEntry {
    std::string id;      ///< "a-" and 16 hex digits
    std::string digest;  ///< action_digest(), before redaction
    ActionState state = ActionState::Denied;
    model::ActionRequest request;  ///< redacted
    model::Verdict verdict;        ///< redacted
    int votes_for = 0;
    std::optional<Instant> expires;  ///< while open: when silence becomes denial
    std::string decided_by;          ///< "policy", a rule id, "grant a-...", names, "silence" ...
    std::string message;             ///< for the agent
    Instant created;
    std::optional<Instant> decided;
    std::vector<model::Vote> votes;
    std::optional<model::Outcome> outcome;
    /// Record numbers in the log: the decision's, then those that followed.
    std::vector<std::uint64_t> records;

    bool operator==(const ActionEntry&) const = default;
};

/// The stored form, JSON; entry_from() of it gives the entry again.
std::string stored_text(const ActionEntry& entry);
Result<ActionEntry> entry_from(const boost::json::value& value);

/// What the agent gets: {"id","digest","state","verdict","votes_for","expires","decided_by",
/// "message"}.
boost::json::value answer_json(const ActionEntry& entry);
/// How much of the verdict an answer carries.
enum class AnswerView {
    Whole,
    Brief  ///< without commands, findings, factors, and effects that change no file: a door that
           ///< obeys and keeps what will be changed
};
/// answer_json() as text, written directly.
std::string answer_text(const ActionEntry& entry, AnswerView view);
/// What people get: the answer and request, votes, outcome, created, decided.
boost::json::value view_json(const ActionEntry& entry);

/// What the agent reads: what was decided, why, by which rule, what to do instead. Never an
/// invitation to try the same in another spelling.
std::string message_for(const ActionEntry& entry);

/// One line for lists and logs: the text, the argv joined, or method and target. Not shortened.
std::string title_of(const model::Action& action);

}  // namespace countersign::gate
