#include "audit/verify_rules.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/limits.h"
#include "crypto/keys.h"
#include "crypto/sshsig.h"
#include "model/codec.h"
#include "text/json.h"

namespace countersign::audit {
namespace {

namespace json = boost::json;

/// As approval::kVoteNamespace, which this room does not see: the verifier stands on its own.
constexpr std::string_view kVoteNamespace = "countersign-vote@v1";
/// decided_by of a program start that a released action covers.
constexpr std::string_view kGrantPrefix = "grant ";
/// decided_by of the start that the session's principal typed; their name follows.
constexpr std::string_view kTypedPrefix = "started by ";

std::string lower(std::string_view name) {
    std::string out(name);
    for (char& c : out) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

/// A text of canonical JSON without its escapes.
std::string plain(std::string_view raw) {
    if (raw.find('\\') == std::string_view::npos) {
        return std::string(raw);
    }
    const auto value = text::parse_json("\"" + std::string(raw) + "\"", limits::kRecordBytesMax);
    return value.ok() && value->is_string() ? std::string(value->get_string()) : std::string(raw);
}

std::string name_of(std::string_view action) {
    return "action " + plain(action);
}

/// The record's body as values, for types that are rare.
Result<json::value> values_of(std::string_view body) {
    return text::parse_json(body, limits::kRecordBytesMax);
}

}  // namespace

const RecordRules::Entry RecordRules::kRules[] = {
    {RecordType::Decision, &RecordRules::decision},
    {RecordType::Outcome, &RecordRules::outcome},
    {RecordType::SessionStart, &RecordRules::session_start},
    {RecordType::SessionEnd, &RecordRules::session_end},
    {RecordType::ApproverChange, &RecordRules::approver},
    {RecordType::Vote, &RecordRules::vote},
    {RecordType::Release, &RecordRules::release},
    {RecordType::Refusal, &RecordRules::refusal},
    {RecordType::Freeze, &RecordRules::freeze},
    {RecordType::Thaw, &RecordRules::thaw},
};

std::optional<std::string> RecordRules::judge(RecordType type, std::string_view body,
                                              const RecordFacts& facts) {
    for (const Entry& entry : kRules) {
        if (type == entry.type) {
            return (this->*entry.rule)(body, facts);
        }
    }
    return std::nullopt;
}

RecordRules::Finding RecordRules::session_start(std::string_view body, const RecordFacts&) {
    const auto value = values_of(body);
    if (!value.ok()) {
        return value.error().message;
    }
    text::ObjectReader in(value.value(), "session_start");
    const auto* member = in.member("session");
    const auto finished = in.finish();
    const auto session = finished.ok() ? model::session_from(*member) : finished.error();
    if (!session.ok()) {
        return session.error().message;
    }
    if (sessions_.contains(session->id)) {
        return "session " + session->id + " is started twice";
    }
    if (session->parent) {
        const auto parent = sessions_.find(*session->parent);
        if (parent == sessions_.end()) {
            return "session " + session->id + " was delegated by " + *session->parent +
                   ", which is not active";
        }
        if (session->ceiling > parent->second.ceiling ||
            session->agent.type != parent->second.agent_type ||
            !session->workspace.starts_with(parent->second.workspace)) {
            return "session " + session->id + " is wider than its parent";
        }
    }
    SessionFacts& facts = sessions_[session->id];
    facts.ceiling = session->ceiling;
    facts.workspace = session->workspace;
    facts.agent_type = session->agent.type;
    facts.principal = session->principal;
    facts.typed = !session->command.empty() && !session->parent;
    return std::nullopt;
}

RecordRules::Finding RecordRules::session_end(std::string_view body, const RecordFacts&) {
    const auto value = values_of(body);
    if (!value.ok()) {
        return value.error().message;
    }
    text::ObjectReader in(value.value(), "session_end");
    const std::string id = in.string("session", limits::kNameBytesMax);
    in.ignore_unknown();
    const auto finished = in.finish();
    if (!finished.ok()) {
        return finished.error().message;
    }
    if (sessions_.erase(id) == 0) {
        return "session " + id + " ends and was not active";
    }
    return std::nullopt;
}

RecordRules::Finding RecordRules::approver(std::string_view body, const RecordFacts&) {
    const auto value = values_of(body);
    if (!value.ok()) {
        return value.error().message;
    }
    text::ObjectReader in(value.value(), "approver");
    const std::string change = in.string("change", limits::kNameBytesMax);
    const std::string name = in.string("name", limits::kNameBytesMax);
    const std::string key = in.string("public_key", limits::kKeyFileBytesMax);
    in.ignore_unknown();
    const auto finished = in.finish();
    if (!finished.ok()) {
        return finished.error().message;
    }
    if (change == "removed") {
        approver_keys_.erase(name);
        return std::nullopt;
    }
    for (const auto& [known, known_key] : approver_keys_) {
        if (lower(known) == lower(name) || known_key == key) {
            return "approver " + name + " is enrolled although " + known + " is the same person";
        }
    }
    approver_keys_[name] = key;
    return std::nullopt;
}

RecordRules::Finding RecordRules::decision(std::string_view, const RecordFacts& all) {
    const auto& facts = std::get<DecisionFacts>(all);
    const auto session = sessions_.find(facts.session);
    if (session != sessions_.end() && session->second.released.contains(facts.action)) {
        return name_of(facts.action) + " is decided again after it was released";
    }
    // An action that was deferred is judged again later; the last decision counts.
    if (session != sessions_.end() && session->second.first_action.empty()) {
        session->second.first_action = facts.action;
    }
    if (const auto held = held_.find(facts.action); held != held_.end()) {
        held_.erase(held);
    }
    if (facts.release == ReleaseMode::Never) {
        return std::nullopt;
    }
    if (session == sessions_.end()) {
        return name_of(facts.action) + " of session " + plain(facts.session) +
               ", which is not active";
    }
    if (facts.tier > session->second.ceiling || facts.tier == model::Tier::Forbidden) {
        return name_of(facts.action) + " is not refused although its tier " +
               std::string(model::tier_name(facts.tier)) + " is above its session's ceiling " +
               std::string(model::tier_name(session->second.ceiling));
    }
    return facts.release == ReleaseMode::Now ? release_now(session->second, facts) : hold(facts);
}

RecordRules::Finding RecordRules::release_now(SessionFacts& session, const DecisionFacts& facts) {
    const std::string_view decision = model::decision_name(facts.decision);
    if (facts.decision != model::Decision::Allow && facts.decision != model::Decision::Modify) {
        return name_of(facts.action) + " is released at once although the decision is " +
               std::string(decision);
    }
    if (frozen_) {
        return name_of(facts.action) + " is released while everything is frozen";
    }
    if (facts.decided_by.starts_with(kGrantPrefix)) {
        Finding beyond = check_grant(session, facts);
        if (beyond) {
            return beyond;
        }
    }
    const bool typed = facts.decided_by.starts_with(kTypedPrefix);
    if (typed) {
        Finding wrong = check_typed(session, facts);
        if (wrong) {
            return wrong;
        }
    }
    Released& released = session.released[std::string(facts.action)];
    released.tier = facts.tier;
    released.typed = typed;
    // Nothing but a command's text names other programs to start.
    if (facts.kind == "command") {
        released.text = facts.text;
        released.commands = facts.commands;
    }
    return std::nullopt;
}

RecordRules::Finding RecordRules::hold(const DecisionFacts& facts) {
    if (facts.decision == model::Decision::Deny) {
        return name_of(facts.action) + " is held although the decision is deny";
    }
    Held held;
    held.digest = facts.digest;
    held.session = facts.session;
    held.step_up = facts.decision == model::Decision::StepUp;
    held.approvals = facts.approvals;
    held.tier = facts.tier;
    if (facts.kind == "command") {
        held.text = facts.text;
        held.commands = facts.commands;
    }
    for (const std::string_view name : facts.excluded) {
        held.excluded.insert(lower(plain(name)));
    }
    held_.insert_or_assign(std::string(facts.action), std::move(held));
    return std::nullopt;
}

/// A start that asked nobody because the principal typed it: the session was opened with a command
/// by that person, it is the first thing the session asked for, and one person may decide it.
RecordRules::Finding RecordRules::check_typed(const SessionFacts& session,
                                              const DecisionFacts& facts) {
    const std::string what = name_of(facts.action) + " passes as typed by the principal";
    if (!session.typed || facts.decided_by.substr(kTypedPrefix.size()) != session.principal) {
        return what + ", whose session was not opened so by them";
    }
    if (facts.action != session.first_action || facts.kind != "exec") {
        return what + " and is not the first start of its session";
    }
    if (facts.tier >= model::Tier::Irreversible) {
        return what + " although its tier takes two people";
    }
    return std::nullopt;
}

/// A program start that asked nobody because a released action covers it: that one must be released
/// in the same session and not be over, and reach as far: its tier, or exactly these words.
RecordRules::Finding RecordRules::check_grant(const SessionFacts& session,
                                              const DecisionFacts& facts) const {
    const std::string_view outer = facts.decided_by.substr(kGrantPrefix.size());
    const std::string what = name_of(facts.action) + " is covered by the grant of " + plain(outer);
    const auto grant = session.released.find(outer);
    if (grant == session.released.end()) {
        return what + ", which is not a released action of its session without outcome";
    }
    if (facts.kind != "exec") {
        return what + " and is no program start";
    }
    const Released& covers = grant->second;
    if (covers.typed) {
        return what + ", which was only typed and grants nothing";
    }
    const bool is_its_text = !covers.text.empty() && facts.last_word == covers.text;
    // Canonical JSON: within a text every quote is escaped, so this can only be a whole command.
    const std::string named = "{\"argv\":" + std::string(facts.words) + ",\"directory\":";
    if (facts.tier > covers.tier && !is_its_text &&
        covers.commands.find(named) == std::string::npos) {
        return what + ", whose tier " + std::string(model::tier_name(covers.tier)) +
               " is below its own";
    }
    return std::nullopt;
}

RecordRules::Finding RecordRules::vote(std::string_view body, const RecordFacts&) {
    const auto value = values_of(body);
    if (!value.ok()) {
        return value.error().message;
    }
    text::ObjectReader in(value.value(), "vote");
    const std::string key_line = in.string("public_key", limits::kKeyFileBytesMax);
    const auto* member = in.member("vote");
    const auto finished = in.finish();
    const auto vote = finished.ok() ? model::vote_from(*member) : finished.error();
    if (!vote.ok()) {
        return vote.error().message;
    }
    const auto held = held_.find(vote->action);
    if (held == held_.end()) {
        return "a vote for action " + vote->action + ", which is not held";
    }
    const std::string who = "the vote of " + vote->approver + " on action " + vote->action;
    const auto enrolled = approver_keys_.find(vote->approver);
    if (enrolled == approver_keys_.end() || enrolled->second != key_line) {
        return who + ": not an enrolled approver with this key";
    }
    if (vote->action_digest != held->second.digest) {
        return who + " is for another text of the action";
    }
    if (held->second.excluded.contains(lower(vote->approver))) {
        return who + ": the requester cannot vote";
    }
    const auto good = check_signature(vote.value(), key_line);
    if (!good.ok()) {
        return who + ": " + good.error().message;
    }
    if (vote->ballot == model::Ballot::Deny) {
        held->second.denied = true;
        return std::nullopt;
    }
    if (!held->second.for_it.insert(vote->approver).second) {
        return who + " is counted twice";
    }
    return std::nullopt;
}

Result<void> RecordRules::check_signature(const model::Vote& vote,
                                          const std::string& key_line) const {
    if (signatures_ == Signatures::Trust) {
        return {};
    }
    const crypto::PublicKey key = TRY(crypto::PublicKey::from_line(key_line));
    return crypto::sshsig_verify(key, vote.signature, kVoteNamespace, model::vote_statement(vote));
}

RecordRules::Finding RecordRules::check_quorum(const Held& held,
                                               const std::vector<std::string>& approvers) {
    if (held.denied) {
        return "although somebody denied it";
    }
    std::set<std::string> distinct;
    for (const std::string& name : approvers) {
        if (!held.for_it.contains(name) || !approver_keys_.contains(name)) {
            return "although " + name + " did not approve it or is no approver any more";
        }
        distinct.insert(lower(name));
    }
    if (distinct.size() < static_cast<std::size_t>(std::max<std::int64_t>(held.approvals, 1))) {
        return "with " + std::to_string(distinct.size()) + " of " + std::to_string(held.approvals) +
               " approvals";
    }
    return std::nullopt;
}

RecordRules::Finding RecordRules::release(std::string_view, const RecordFacts& all) {
    const auto& facts = std::get<ActionFacts>(all);
    const auto held = held_.find(facts.action);
    const std::string what = name_of(facts.action) + " is released ";
    if (held == held_.end()) {
        return what + "and was not held (no decision, or released before)";
    }
    if (held->second.digest != facts.digest || held->second.session != facts.session) {
        return what + "with another digest or session than was decided";
    }
    const auto session = sessions_.find(facts.session);
    if (session == sessions_.end()) {
        return what + "in session " + plain(facts.session) + ", which is not active";
    }
    if (frozen_) {
        return what + "while everything is frozen";
    }
    if (held->second.step_up) {
        std::vector<std::string> approvers;
        for (const std::string_view name : facts.approvers) {
            approvers.push_back(plain(name));
        }
        const Finding short_of = check_quorum(held->second, approvers);
        if (short_of) {
            return what + *short_of;
        }
    }
    session->second.released.insert_or_assign(
        std::string(facts.action),
        Released{held->second.tier, held->second.text, held->second.commands});
    held_.erase(held);
    return std::nullopt;
}

RecordRules::Finding RecordRules::refusal(std::string_view, const RecordFacts& all) {
    const auto& facts = std::get<ActionFacts>(all);
    const auto held = held_.find(facts.action);
    if (held == held_.end()) {
        return name_of(facts.action) + " is refused and was not held";
    }
    if (held->second.digest != facts.digest) {
        return name_of(facts.action) + " is refused with another digest than was decided";
    }
    held_.erase(held);
    return std::nullopt;
}

RecordRules::Finding RecordRules::outcome(std::string_view, const RecordFacts& all) {
    const auto& facts = std::get<ActionFacts>(all);
    const auto session = sessions_.find(facts.session);
    auto* released = session == sessions_.end() ? nullptr : &session->second.released;
    const auto action = released == nullptr ? decltype(released->find(facts.action))()
                                            : released->find(facts.action);
    if (released == nullptr || action == released->end()) {
        return "an outcome of " + name_of(facts.action) +
               ", which was not released in a session that is active";
    }
    released->erase(action);
    return std::nullopt;
}

// A second freeze changes nothing, and neither does a thaw of what is not frozen: after a failure
// of the disk the gateway may be frozen without a record of it.
RecordRules::Finding RecordRules::freeze(std::string_view, const RecordFacts&) {
    frozen_ = true;
    return std::nullopt;
}

RecordRules::Finding RecordRules::thaw(std::string_view, const RecordFacts&) {
    frozen_ = false;
    return std::nullopt;
}

}  // namespace countersign::audit
