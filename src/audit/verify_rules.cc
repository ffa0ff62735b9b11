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
constexpr std::size_t kNamesMax = 1024;

std::string lower(std::string_view name) {
    std::string out(name);
    for (char& c : out) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

/// The members of a decision's body that the rules look at.
struct DecisionFacts {
    std::string action;
    std::string digest;
    std::string release;
    std::vector<std::string> excluded;
    model::ActionRequest request;
    model::Verdict verdict;
};

Result<DecisionFacts> decision_from(const json::value& body) {
    text::ObjectReader in(body, "decision");
    DecisionFacts facts;
    facts.action = in.string("action", limits::kNameBytesMax);
    facts.digest = in.string("digest", limits::kNameBytesMax);
    facts.release = in.string("release", limits::kNameBytesMax);
    facts.excluded = in.strings("excluded", kNamesMax, limits::kNameBytesMax);
    in.string("decided_by", limits::kCommentBytesMax);
    in.integer("latency_us", 0, INT64_MAX);
    const auto* request = in.member("request");
    const auto* verdict = in.member("verdict");
    TRY(in.finish());
    facts.request = TRY(model::request_from(*request));
    facts.verdict = TRY(model::verdict_from(*verdict));
    return facts;
}

/// Members that release, refusal and outcome share.
struct ActionFacts {
    std::string action;
    std::string digest;
    std::string session;
    std::vector<std::string> approvers;
};

Result<ActionFacts> release_from(const json::value& body) {
    text::ObjectReader in(body, "release");
    ActionFacts facts;
    facts.action = in.string("action", limits::kNameBytesMax);
    facts.digest = in.string("digest", limits::kNameBytesMax);
    facts.session = in.string("session", limits::kNameBytesMax);
    facts.approvers = in.strings("approvers", kNamesMax, limits::kNameBytesMax);
    in.string("decided_by", limits::kCommentBytesMax);
    in.integer("waited_us", 0, INT64_MAX);
    TRY(in.finish());
    return facts;
}

Result<ActionFacts> refusal_from(const json::value& body) {
    text::ObjectReader in(body, "refusal");
    ActionFacts facts;
    facts.action = in.string("action", limits::kNameBytesMax);
    facts.digest = in.string("digest", limits::kNameBytesMax);
    facts.session = in.string("session", limits::kNameBytesMax);
    in.ignore_unknown();
    TRY(in.finish());
    return facts;
}

}  // namespace

const RecordRules::Entry RecordRules::kRules[] = {
    {RecordType::SessionStart, &RecordRules::session_start},
    {RecordType::SessionEnd, &RecordRules::session_end},
    {RecordType::ApproverChange, &RecordRules::approver},
    {RecordType::Decision, &RecordRules::decision},
    {RecordType::Vote, &RecordRules::vote},
    {RecordType::Release, &RecordRules::release},
    {RecordType::Refusal, &RecordRules::refusal},
    {RecordType::Outcome, &RecordRules::outcome},
};

std::optional<std::string> RecordRules::judge(std::string_view type, const json::value& body) {
    const auto known = record_type_from(type);
    for (const Entry& entry : kRules) {
        if (known == entry.type) {
            return (this->*entry.rule)(body);
        }
    }
    return std::nullopt;
}

RecordRules::Finding RecordRules::session_start(const json::value& body) {
    text::ObjectReader in(body, "session_start");
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
    sessions_[session->id] = {session->ceiling, session->workspace, session->agent.type};
    return std::nullopt;
}

RecordRules::Finding RecordRules::session_end(const json::value& body) {
    text::ObjectReader in(body, "session_end");
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

RecordRules::Finding RecordRules::approver(const json::value& body) {
    text::ObjectReader in(body, "approver");
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

RecordRules::Finding RecordRules::decision(const json::value& body) {
    const auto facts = decision_from(body);
    if (!facts.ok()) {
        return facts.error().message;
    }
    const std::string& action = facts->action;
    if (released_.contains(action)) {
        return "action " + action + " is decided again after it was released";
    }
    // An action that was deferred is judged again later; the last decision counts.
    held_.erase(action);
    const model::Decision decision = facts->verdict.decision;
    const auto mode = model::value_in<ReleaseMode>(kReleaseModeNames, facts->release);
    if (!mode) {
        return "unknown release mode \"" + facts->release + "\"";
    }
    if (*mode == ReleaseMode::Never) {
        return std::nullopt;
    }
    const std::string& session = facts->request.context.session;
    if (!sessions_.contains(session)) {
        return "action " + action + " of session " + session + ", which is not active";
    }
    if (*mode == ReleaseMode::Now) {
        if (decision != model::Decision::Allow && decision != model::Decision::Modify) {
            return "action " + action + " is released at once although the decision is " +
                   std::string(model::decision_name(decision));
        }
        released_.insert(action);
        return std::nullopt;
    }
    if (decision == model::Decision::Deny) {
        return "action " + action + " is held although the decision is deny";
    }
    Held held;
    held.digest = facts->digest;
    held.session = session;
    held.step_up = decision == model::Decision::StepUp;
    held.approvals = facts->verdict.approvals;
    for (const std::string& name : facts->excluded) {
        held.excluded.insert(lower(name));
    }
    held_.emplace(action, std::move(held));
    return std::nullopt;
}

RecordRules::Finding RecordRules::vote(const json::value& body) {
    text::ObjectReader in(body, "vote");
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
    const auto key = crypto::PublicKey::from_line(key_line);
    const auto good = key.ok() ? crypto::sshsig_verify(key.value(), vote->signature, kVoteNamespace,
                                                       model::vote_statement(vote.value()))
                               : Result<void>(key.error());
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
    if (distinct.size() < static_cast<std::size_t>(std::max(held.approvals, 1))) {
        return "with " + std::to_string(distinct.size()) + " of " + std::to_string(held.approvals) +
               " approvals";
    }
    return std::nullopt;
}

RecordRules::Finding RecordRules::release(const json::value& body) {
    const auto facts = release_from(body);
    if (!facts.ok()) {
        return facts.error().message;
    }
    const auto held = held_.find(facts->action);
    const std::string what = "action " + facts->action + " is released ";
    if (held == held_.end()) {
        return what + "and was not held (no decision, or released before)";
    }
    if (held->second.digest != facts->digest || held->second.session != facts->session) {
        return what + "with another digest or session than was decided";
    }
    if (!sessions_.contains(facts->session)) {
        return what + "in session " + facts->session + ", which is not active";
    }
    if (held->second.step_up) {
        const Finding short_of = check_quorum(held->second, facts->approvers);
        if (short_of) {
            return what + *short_of;
        }
    }
    held_.erase(held);
    released_.insert(facts->action);
    return std::nullopt;
}

RecordRules::Finding RecordRules::refusal(const json::value& body) {
    const auto facts = refusal_from(body);
    if (!facts.ok()) {
        return facts.error().message;
    }
    const auto held = held_.find(facts->action);
    if (held == held_.end()) {
        return "action " + facts->action + " is refused and was not held";
    }
    if (held->second.digest != facts->digest) {
        return "action " + facts->action + " is refused with another digest than was decided";
    }
    held_.erase(held);
    return std::nullopt;
}

RecordRules::Finding RecordRules::outcome(const json::value& body) {
    text::ObjectReader in(body, "outcome");
    const std::string action = in.string("action", limits::kNameBytesMax);
    const auto* member = in.member("outcome");
    in.string("session", limits::kNameBytesMax);
    const auto finished = in.finish();
    const auto outcome = finished.ok() ? model::outcome_from(*member) : finished.error();
    if (!outcome.ok()) {
        return outcome.error().message;
    }
    if (released_.erase(action) == 0) {
        return "an outcome of action " + action + ", which was not released";
    }
    return std::nullopt;
}

}  // namespace countersign::audit
