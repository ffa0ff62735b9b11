#include "audit/record_facts.h"

#include <array>

namespace countersign::audit {
namespace {

using Value = CanonicalReader::Value;
using Kind = CanonicalReader::Kind;

constexpr std::size_t kMembersMost = 8;

struct Members {
    RecordType type;
    std::size_t count;
    std::array<std::string_view, kMembersMost> names;
};

template <typename... Names>
constexpr Members members(RecordType type, Names... names) {
    return {type, sizeof...(names), {names...}};
}

constexpr std::array kMembers = {
    members(RecordType::GatewayStart, "configuration", "host", "policy", "version"),
    members(RecordType::GatewayStop, "reason"),
    members(RecordType::Recovery, "cut_bytes", "cut_digest", "records"),
    members(RecordType::ClockJump, "from", "to"),
    members(RecordType::Configuration, "by", "digest", "previous", "what"),
    members(RecordType::SessionStart, "session"),
    members(RecordType::SessionEnd, "by", "reason", "session", "state"),
    members(RecordType::ApproverChange, "by", "change", "name", "public_key"),
    members(RecordType::Decision, "action", "decided_by", "digest", "excluded", "latency_us",
            "release", "request", "verdict"),
    members(RecordType::Vote, "public_key", "vote"),
    members(RecordType::Release, "action", "approvers", "decided_by", "digest", "session",
            "waited_us"),
    members(RecordType::Refusal, "action", "decided_by", "digest", "reason", "session", "state",
            "waited_us"),
    members(RecordType::Outcome, "action", "outcome", "session"),
    members(RecordType::Observation, "bytes", "digest", "findings", "session", "source"),
    members(RecordType::RuleChange, "by", "change", "reason", "rule"),
    members(RecordType::Review, "by", "outcome", "reason", "replaced", "rule"),
    members(RecordType::Freeze, "by", "reason"),
    members(RecordType::Thaw, "by", "reason"),
    members(RecordType::Incident, "by", "detail", "elapsed_us", "incident", "session", "step"),
    members(RecordType::SignInFailure, "door", "reason", "who"),
    members(RecordType::Alert, "kind", "message", "subject"),
    members(RecordType::Recording, "bytes", "chunk", "digest", "session"),
};
static_assert(kMembers.size() == kRecordTypeNames.size());

std::string wrong_members(RecordType type, Value body) {
    const std::string what = "a record of type " + std::string(record_type_name(type)) + " ";
    if (!body.is(Kind::Object)) {
        return what + "has no body";
    }
    const auto wanted = record_members(type);
    std::size_t at = 0;
    std::string problem;
    body.each([&](Value member) {
        if (problem.empty() && (at == wanted.size() || member.name() != wanted[at])) {
            problem = what + "has or lacks a member near \"" + std::string(member.name()) + "\"";
        }
        ++at;
    });
    if (problem.empty() && at != wanted.size()) {
        problem = what + "lacks \"" + std::string(wanted[at]) + "\"";
    }
    return problem;
}

std::vector<std::string_view> texts_of(Value list) {
    std::vector<std::string_view> out;
    list.each([&out](Value element) { out.push_back(element.text()); });
    return out;
}

/// The TEXT of an argv ["bash", "-c", TEXT, ...].
std::string_view shell_text(Value argv) {
    std::size_t at = 0;
    bool dash_c = false;
    std::string_view found;
    argv.each([&](Value word) {
        dash_c = dash_c || (at == 1 && word.text() == "-c");
        if (at == 2 && dash_c) {
            found = word.text();
        }
        ++at;
    });
    return found;
}

std::string decision_facts(Value body, DecisionFacts& facts) {
    const Value request = body.member("request");
    const Value action = request.member("action");
    const Value verdict = body.member("verdict");
    facts.action = body.member("action").text();
    facts.digest = body.member("digest").text();
    facts.decided_by = body.member("decided_by").text();
    facts.session = request.member("context").member("session").text();
    facts.kind = action.member("kind").text();
    facts.text = action.member("text").text();
    facts.last_word = shell_text(action.member("argv"));
    facts.commands = verdict.member("commands").raw();
    bool first = true;
    verdict.member("commands").each([&](Value command) {
        facts.words = first ? command.member("argv").raw() : facts.words;
        first = false;
    });
    facts.approvals = verdict.member("approvals").integer_or(-1);
    facts.excluded = texts_of(body.member("excluded"));
    const auto release =
        model::value_in<ReleaseMode>(kReleaseModeNames, body.member("release").text());
    const auto decision = model::decision_from(verdict.member("decision").text());
    const auto tier = model::tier_from(verdict.member("tier").text());
    if (!release || !decision || !tier || facts.action.empty() || facts.digest.empty() ||
        facts.approvals < 0 || !verdict.member("policy").is(Kind::String)) {
        return "a decision whose release mode, verdict, action or digest cannot be read";
    }
    facts.release = *release;
    facts.decision = *decision;
    facts.tier = *tier;
    return {};
}

std::string action_facts(RecordType type, Value body, ActionFacts& facts) {
    facts.action = body.member("action").text();
    facts.digest = body.member("digest").text();
    facts.session = body.member("session").text();
    facts.approvers = texts_of(body.member("approvers"));
    const bool has_digest = type != RecordType::Outcome;
    if (facts.action.empty() || (has_digest && facts.digest.empty()) ||
        !body.member("session").is(Kind::String)) {
        return "a record of type " + std::string(record_type_name(type)) +
               " whose action, digest or session cannot be read";
    }
    return {};
}

}  // namespace

std::span<const std::string_view> record_members(RecordType type) {
    const Members& entry = kMembers[static_cast<std::size_t>(type)];
    return {entry.names.data(), entry.count};
}

std::string facts_of(RecordType type, Value body, RecordFacts& facts) {
    std::string problem = wrong_members(type, body);
    if (!problem.empty()) {
        return problem;
    }
    switch (type) {
        case RecordType::Decision:
            return decision_facts(body, facts.emplace<DecisionFacts>());
        case RecordType::Release:
        case RecordType::Refusal:
        case RecordType::Outcome:
            return action_facts(type, body, facts.emplace<ActionFacts>());
        default:
            return {};
    }
}

}  // namespace countersign::audit
