#include "gate/entry.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iterator>

#include "base/limits.h"
#include "model/canonical.h"
#include "model/codec.h"
#include "text/canonical_writer.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::gate {
namespace {

namespace json = boost::json;

/// Votes that one action can collect: the quorum, denials, and people who changed their mind.
constexpr std::size_t kVotesMax = 64;
/// Records that one action can cause.
constexpr std::size_t kRecordsMax = 128;

json::value instant_json(const std::optional<Instant>& instant) {
    return instant ? json::value(format_instant(*instant)) : json::value(nullptr);
}

json::string name_json(std::string_view name) {
    return json::string(name.data(), name.size());
}

json::string text_json(std::string_view text) {
    const std::string valid = text::to_valid_utf8(text);
    return json::string(valid.data(), valid.size());
}

Result<std::optional<Instant>> optional_instant(text::ObjectReader& in, std::string_view name) {
    const auto text = in.optional_string(name, 64);
    if (!text) {
        return std::optional<Instant>();
    }
    const auto instant = parse_instant(*text);
    if (!instant) {
        return Error(ErrorCode::Malformed, std::string(name) + " is not a time");
    }
    return instant;
}

Result<std::vector<model::Vote>> votes_from(const json::value* value) {
    std::vector<model::Vote> votes;
    if (value == nullptr || !value->is_array() || value->get_array().size() > kVotesMax) {
        return Error(ErrorCode::Malformed, "votes is not a short list");
    }
    for (const json::value& element : value->get_array()) {
        model::Vote vote = TRY(model::vote_from(element));
        votes.push_back(std::move(vote));
    }
    return votes;
}

Result<std::vector<std::uint64_t>> records_from(const json::value* value) {
    std::vector<std::uint64_t> records;
    if (value == nullptr || !value->is_array() || value->get_array().size() > kRecordsMax) {
        return Error(ErrorCode::Malformed, "records is not a short list");
    }
    for (const json::value& element : value->get_array()) {
        if (!element.is_int64() || element.get_int64() < 0) {
            return Error(ErrorCode::Malformed, "a record number is not a number");
        }
        records.push_back(static_cast<std::uint64_t>(element.get_int64()));
    }
    return records;
}

std::string held_message(const ActionEntry& entry) {
    if (entry.state == ActionState::Suspended) {
        return "Suspended: " + entry.verdict.reason +
               ". It was not executed. Wait for the answer; do not send it again.";
    }
    const int people = entry.verdict.approvals;
    return "Held: " + entry.verdict.reason + ". It waits for " + std::to_string(people) +
           (people == 1 ? " person" : " people") +
           " to approve and was not executed. Go on with other work or wait for the answer.";
}

std::string refused_message(const ActionEntry& entry) {
    std::string out = "Not permitted: " + entry.verdict.reason + ".";
    if (entry.state == ActionState::Expired) {
        out = "Not permitted: nobody approved it in time, and silence is a denial.";
    }
    out += " It was not executed.";
    if (!entry.verdict.hint.empty()) {
        out += " Instead: " + entry.verdict.hint;
    } else {
        out +=
            " Do not try the same effect in another spelling: it would be judged the same. Say "
            "what you need and let a person decide.";
    }
    return out;
}

}  // namespace

json::value answer_json(const ActionEntry& entry) {
    return json::object{{"id", name_json(entry.id)},
                        {"digest", name_json(entry.digest)},
                        {"state", name_json(action_state_name(entry.state))},
                        {"verdict", model::to_json(entry.verdict)},
                        {"votes_for", entry.votes_for},
                        {"expires", instant_json(entry.expires)},
                        {"decided_by", text_json(entry.decided_by)},
                        {"message", text_json(entry.message)}};
}

namespace {

/// Whether a door that keeps files for undo must know of it.
bool may_change_files(const model::Effect& effect) {
    using model::EffectKind;
    constexpr std::array kHarmless = {
        EffectKind::Read,   EffectKind::SecretRead, EffectKind::Env,    EffectKind::Connect,
        EffectKind::Listen, EffectKind::Signal,     EffectKind::Upload, EffectKind::DbRead};
    return std::find(kHarmless.begin(), kHarmless.end(), effect.kind) == kHarmless.end();
}

}  // namespace

std::string answer_text(const ActionEntry& entry, AnswerView view) {
    model::Verdict brief;
    if (view == AnswerView::Brief) {
        const model::Verdict& whole = entry.verdict;
        std::copy_if(whole.assessment.effects.begin(), whole.assessment.effects.end(),
                     std::back_inserter(brief.assessment.effects), may_change_files);
        brief.decision = whole.decision;
        brief.approvals = whole.approvals;
        brief.rule = whole.rule;
        brief.policy = whole.policy;
        brief.reason = whole.reason;
        brief.hint = whole.hint;
        brief.modified = whole.modified;
        brief.assessment.tier = whole.assessment.tier;
        brief.assessment.risk = whole.assessment.risk;
        brief.assessment.complete = whole.assessment.complete;
    }
    std::string out;
    out.reserve(1024);
    text::CanonicalWriter writer(out);
    writer.begin_object();
    writer.key("decided_by");
    writer.string(text::to_valid_utf8(entry.decided_by));
    writer.key("digest");
    writer.string(entry.digest);
    writer.key("expires");
    entry.expires ? writer.instant(*entry.expires) : writer.null();
    writer.key("id");
    writer.string(entry.id);
    writer.key("message");
    writer.string(text::to_valid_utf8(entry.message));
    writer.key("state");
    writer.string(action_state_name(entry.state));
    writer.key("verdict");
    writer.raw(model::canonical(view == AnswerView::Brief ? brief : entry.verdict));
    writer.key("votes_for");
    writer.number(entry.votes_for);
    writer.end_object();
    return out;
}

json::value view_json(const ActionEntry& entry) {
    json::value out = answer_json(entry);
    json::object& object = out.get_object();
    object["request"] = model::to_json(entry.request);
    json::array votes;
    for (const model::Vote& vote : entry.votes) {
        votes.push_back(model::to_json(vote));
    }
    object["votes"] = std::move(votes);
    object["outcome"] = entry.outcome ? model::to_json(*entry.outcome) : json::value(nullptr);
    object["created"] = name_json(format_instant(entry.created));
    object["decided"] = instant_json(entry.decided);
    return out;
}

std::string stored_text(const ActionEntry& entry) {
    std::string out;
    out.reserve(2048);
    text::CanonicalWriter writer(out);
    writer.begin_object();
    writer.key("created");
    writer.instant(entry.created);
    writer.key("decided");
    entry.decided ? writer.instant(*entry.decided) : writer.null();
    writer.key("decided_by");
    writer.string(text::to_valid_utf8(entry.decided_by));
    writer.key("digest");
    writer.string(entry.digest);
    writer.key("expires");
    entry.expires ? writer.instant(*entry.expires) : writer.null();
    writer.key("id");
    writer.string(entry.id);
    writer.key("message");
    writer.string(text::to_valid_utf8(entry.message));
    writer.key("outcome");
    entry.outcome ? writer.raw(model::canonical(*entry.outcome)) : writer.null();
    writer.key("records");
    writer.begin_array();
    for (const std::uint64_t record : entry.records) {
        writer.number(static_cast<std::int64_t>(record));
    }
    writer.end_array();
    writer.key("request");
    writer.raw(model::canonical(entry.request));
    writer.key("state");
    writer.string(action_state_name(entry.state));
    writer.key("verdict");
    writer.raw(model::canonical(entry.verdict));
    writer.key("votes");
    writer.begin_array();
    for (const model::Vote& vote : entry.votes) {
        writer.raw(json::serialize(model::to_json(vote)));
    }
    writer.end_array();
    writer.key("votes_for");
    writer.number(entry.votes_for);
    writer.end_object();
    return out;
}

Result<ActionEntry> entry_from(const json::value& value) {
    ActionEntry entry;
    text::ObjectReader in(value, "action");
    entry.id = in.string("id", limits::kNameBytesMax);
    entry.digest = in.string("digest", limits::kNameBytesMax);
    const auto state = action_state_from(in.string("state", limits::kNameBytesMax));
    const json::value* verdict = in.member("verdict");
    const json::value* request = in.member("request");
    entry.votes_for = static_cast<int>(in.integer("votes_for", 0, 1000));
    entry.decided_by = in.string("decided_by", limits::kCommentBytesMax);
    entry.message = in.string("message", limits::kRecordBytesMax);
    const json::value* votes = in.member("votes");
    const json::value* records = in.member("records");
    const json::value* outcome = in.optional_member("outcome");
    const std::optional<Instant> created = TRY(optional_instant(in, "created"));
    entry.decided = TRY(optional_instant(in, "decided"));
    entry.expires = TRY(optional_instant(in, "expires"));
    TRY(in.finish());
    if (!state || !created) {
        return Error(ErrorCode::Malformed, "action: no state or no time");
    }
    entry.state = *state;
    entry.created = *created;
    entry.verdict = TRY(model::verdict_from(*verdict));
    entry.request = TRY(model::request_from(*request));
    entry.votes = TRY(votes_from(votes));
    entry.records = TRY(records_from(records));
    if (outcome != nullptr) {
        entry.outcome = TRY(model::outcome_from(*outcome));
    }
    return entry;
}

std::string message_for(const ActionEntry& entry) {
    switch (entry.state) {
        case ActionState::Pending:
        case ActionState::Suspended:
            return held_message(entry);
        case ActionState::Denied:
        case ActionState::Expired:
            return refused_message(entry);
        case ActionState::Granted:
            if (entry.verdict.decision == model::Decision::Modify) {
                return "Permitted in a changed form: run exactly the action in verdict.modified.";
            }
            return "Permitted (" + entry.decided_by + "): " + entry.verdict.reason + ".";
        case ActionState::Done:
            return "Executed; its outcome is recorded.";
    }
    return "Not permitted.";
}

std::string title_of(const model::Action& action) {
    switch (action.kind) {
        case model::ActionKind::Command:
        case model::ActionKind::Sql:
            return action.text;
        case model::ActionKind::Exec: {
            std::string out;
            for (const std::string& word : action.argv) {
                out += out.empty() ? word : " " + word;
            }
            return out;
        }
        case model::ActionKind::ToolCall:
            return action.server + "/" + action.name;
        case model::ActionKind::Http:
        case model::ActionKind::File:
            return action.name + " " + action.target;
    }
    return {};
}

}  // namespace countersign::gate
