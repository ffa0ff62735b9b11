#include "cli/records_view.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "cli/action_view.h"
#include "cli/field.h"
#include "cli/paint.h"
#include "cli/table.h"
#include "model/codec.h"

namespace countersign::cli {
namespace {

namespace json = boost::json;

/// Which members of a record's body make its one line, tried in order.
struct Summary {
    std::string_view type;
    std::array<std::string_view, 4> members;
};
constexpr std::array<Summary, 19> kSummaries = {{
    {"gateway_start", {"version", "policy", "", ""}},
    {"gateway_stop", {"reason", "", "", ""}},
    {"recovery", {"reason", "what", "", ""}},
    {"configuration", {"what", "by", "digest", ""}},
    {"session_start", {"session.principal", "session.agent.id", "session.purpose", ""}},
    {"session_end", {"state", "by", "reason", ""}},
    {"approver", {"change", "name", "by", ""}},
    {"vote", {"vote.ballot", "vote.approver", "vote.action", "vote.comment"}},
    {"release", {"action", "decided_by", "", ""}},
    {"refusal", {"action", "state", "decided_by", "reason"}},
    {"observation", {"source", "bytes", "", ""}},
    {"rule", {"change", "rule.id", "by", "reason"}},
    {"review", {"outcome", "rule", "by", "reason"}},
    {"freeze", {"by", "reason", "", ""}},
    {"thaw", {"by", "reason", "", ""}},
    {"incident", {"step", "incident", "by", "detail"}},
    {"sign_in_failure", {"door", "who", "reason", ""}},
    {"alert", {"kind", "subject", "message", ""}},
    {"recording", {"chunk", "bytes", "", ""}},
}};

constexpr std::size_t kSeqColumns = 7;
constexpr std::size_t kTimeColumns = 12;
constexpr std::size_t kTypeColumns = 15;
constexpr std::size_t kSessionColumns = 10;

/// A member of the record's body, wherever this version of the gateway puts bodies.
const json::value* body_of(const json::value& record) {
    const json::value* body = member_at(record, "body");
    return body != nullptr && body->is_object() ? body : &record;
}

std::string decision_line(const json::value& body) {
    std::string line = text_at(body, "verdict.decision") + " " + text_at(body, "verdict.tier") +
                       " " + text_at(body, "verdict.risk") + "  ";
    if (const json::value* action = member_at(body, "request.action")) {
        const auto decoded = model::action_from(*action);
        line += decoded.ok() ? action_line(*decoded) : json::serialize(*action);
    }
    return line + "  [" + text_at(body, "decided_by") + "]";
}

std::string outcome_line(const json::value& body) {
    const std::string code = text_at(body, "outcome.exit_code");
    const std::string error = text_at(body, "outcome.error");
    return text_at(body, "action") + (code.empty() ? "" : "  exit " + code) +
           (error.empty() ? "" : "  " + error);
}

std::string summary_line(std::string_view type, const json::value& body) {
    if (type == "decision") {
        return decision_line(body);
    }
    if (type == "outcome") {
        return outcome_line(body);
    }
    const auto* summary = std::find_if(kSummaries.begin(), kSummaries.end(),
                                       [type](const Summary& entry) { return entry.type == type; });
    if (summary == kSummaries.end()) {
        return json::serialize(body);
    }
    std::string line;
    for (const std::string_view member : summary->members) {
        const std::string text = member.empty() ? "" : text_at(body, member);
        line += line.empty() || text.empty() ? text : "  " + text;
    }
    return line;
}

std::string session_in(const json::value& body) {
    for (const std::string_view path : {"session", "request.context.session", "session.id", "id"}) {
        if (std::string id = text_at(body, path); id.starts_with("s-")) {
            return id;
        }
    }
    return {};
}

void flatten(const json::value& value, const std::string& name,
             std::vector<std::pair<std::string, std::string>>& pairs) {
    if (const json::object* object = value.if_object()) {
        for (const auto& member : *object) {
            flatten(member.value(), (name.empty() ? "" : name + ".") + std::string(member.key()),
                    pairs);
        }
        return;
    }
    const json::string* text = value.if_string();
    pairs.emplace_back(name, text != nullptr ? std::string(*text) : json::serialize(value));
}

}  // namespace

std::string record_header(const Look& look) {
    return paint(look, Tone::Dim,
                 pad("    SEQ", kSeqColumns) + "  " + pad("TIME", kTimeColumns) + "  " +
                     pad("TYPE", kTypeColumns) + "  " + pad("SESSION", kSessionColumns) +
                     "  WHAT") +
           "\n";
}

std::string record_row(const Look& look, const json::value& record, Instant now) {
    const json::value& body = *body_of(record);
    const std::string type = text_at(record, "type");
    const std::string seq = text_at(record, "seq");
    std::string line(seq.size() < kSeqColumns ? kSeqColumns - seq.size() : 0, ' ');
    line += shown(look, seq) + "  " +
            pad(shown(look, short_time(text_at(record, "time"), now)), kTimeColumns) + "  " +
            pad(shown(look, type), kTypeColumns) + "  " +
            pad(shown(look, session_in(body).substr(0, kSessionColumns)), kSessionColumns) + "  ";
    const std::size_t used = columns_of(line);
    const auto width = static_cast<std::size_t>(std::max(look.width, 0));
    const std::string what = shown(look, summary_line(type, body), width > used ? width - used : 0);
    const std::string decision = text_at(body, "verdict.decision");
    return line + paint(look, tone_of(type == "decision" ? decision : type), what) + "\n";
}

std::string record_sheet(const Look& look, const json::value& record) {
    std::vector<std::pair<std::string, std::string>> pairs;
    flatten(record, "", pairs);
    return print_pairs(look, pairs);
}

}  // namespace countersign::cli
