#include "audit/export_formats.h"

#include <boost/json.hpp>
#include <vector>

#include "base/limits.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::audit {
namespace {

namespace json = boost::json;

/// What the formats tell of a record, taken from wherever its type keeps it.
struct Row {
    const ReadRecord* record = nullptr;
    std::string session;
    std::string action;
    std::string agent;  ///< type of agent
    std::string who;    ///< person or job: principal, approver, who did it
    std::string kind;   ///< of the action
    std::string what;   ///< text or words of the action; else what the record is about
    std::string decision;
    std::string tier;
    std::string reason;
    std::int64_t risk = 0;
    std::optional<std::int64_t> exit_code;
};

const json::value* find(const json::value* value, std::string_view name) {
    const json::object* object = value == nullptr ? nullptr : value->if_object();
    return object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
}

std::string text_at(const json::value* value, std::string_view name) {
    const json::value* member = find(value, name);
    return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                    : std::string();
}

std::string first_of(const json::value* body, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
        std::string text = text_at(body, name);
        if (!text.empty()) {
            return text;
        }
    }
    return {};
}

std::string words_of(const json::value* argv) {
    std::string out;
    if (argv != nullptr && argv->is_array()) {
        for (const json::value& word : argv->get_array()) {
            out += (out.empty() ? "" : " ") +
                   (word.is_string() ? std::string(word.get_string()) : std::string("?"));
        }
    }
    return out;
}

std::int64_t integer_at(const json::value* value, std::string_view name) {
    const json::value* member = find(value, name);
    return member != nullptr && member->is_int64() ? member->get_int64() : 0;
}

Row row_of(const ReadRecord& record, const json::value& body) {
    const json::value* request = find(&body, "request");
    const json::value* action = find(request, "action");
    const json::value* context = find(request, "context");
    const json::value* verdict = find(&body, "verdict");
    const json::value* vote = find(&body, "vote");
    const json::value* session = find(&body, "session");
    Row row;
    row.record = &record;
    row.session = first_of(&body, {"session"}) + text_at(context, "session");
    if (session != nullptr && session->is_object()) {
        row.session = text_at(session, "id");
        row.who = text_at(session, "principal");
        row.agent = text_at(find(session, "agent"), "type");
    }
    row.action = text_at(&body, "action") + text_at(vote, "action");
    row.agent += text_at(find(context, "agent"), "type");
    row.who += context != nullptr ? text_at(context, "principal")
               : vote != nullptr  ? text_at(vote, "approver")
               : row.who.empty()  ? first_of(&body, {"by", "name", "who", "decided_by"})
                                  : std::string();
    row.kind = text_at(action, "kind");
    row.what = first_of(action, {"text", "target", "program"});
    if (const std::string words = words_of(find(action, "argv")); !words.empty()) {
        row.what = words;
    }
    if (action == nullptr) {
        row.what = first_of(&body, {"message", "what", "change", "step", "source", "state"}) +
                   text_at(find(&body, "rule"), "pattern");
    }
    row.decision = text_at(verdict, "decision") + text_at(vote, "ballot") +
                   (record.type == "refusal" ? text_at(&body, "state") : std::string());
    row.tier = text_at(verdict, "tier");
    row.risk = integer_at(verdict, "risk");
    row.reason = text_at(verdict, "reason") + first_of(&body, {"reason", "detail"});
    const json::value* code = find(find(&body, "outcome"), "exit_code");
    if (code != nullptr && code->is_int64()) {
        row.exit_code = code->get_int64();
    }
    return row;
}

/// 0 informational to 4 critical: what all formats derive their severity from.
int gravity(const Row& row) {
    const std::string_view type = row.record->type;
    if (type == "incident" || type == "freeze" || row.tier == "forbidden") {
        return 4;
    }
    if (row.decision == "deny" || row.decision == "denied" || type == "sign_in_failure" ||
        type == "alert" || row.tier == "irreversible") {
        return 3;
    }
    return row.tier == "side_effect" || row.decision == "step_up" || type == "recovery" ||
                   type == "clock_jump"
               ? 2
           : row.tier == "idempotent_write" ? 1
                                            : 0;
}

// --- CSV ----------------------------------------------------------------------------------------

/// Quoted when it must be. A spreadsheet computes cells that begin with these (CWE-1236).
std::string csv_cell(const std::string& text) {
    std::string cell = text;
    if (!cell.empty() &&
        std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos) {
        cell.insert(0, 1, '\'');
    }
    if (cell.find_first_of(",\"\r\n") == std::string::npos) {
        return cell;
    }
    std::string out = "\"";
    for (const char c : cell) {
        out += c == '"' ? std::string("\"\"") : std::string(1, c);
    }
    return out + "\"";
}

std::string csv_line(const Row& row) {
    std::string out = std::to_string(row.record->seq) + "," + format_instant(row.record->time);
    for (const std::string& cell :
         {row.record->type, row.session, row.agent, row.who, row.action, row.kind, row.what,
          row.decision, row.tier, std::to_string(row.risk),
          row.exit_code ? std::to_string(*row.exit_code) : std::string(), row.reason}) {
        out += "," + csv_cell(cell);
    }
    return out + "\r\n";
}

// --- CEF ----------------------------------------------------------------------------------------

std::string cef_escaped(std::string_view text, char special) {
    std::string out;
    for (const char c : text) {
        if (c == '\n' || c == '\r') {
            out += c == '\n' ? "\\n" : "\\r";
            continue;
        }
        if (c == '\\' || c == special) {
            out += '\\';
        }
        out += c;
    }
    return out;
}

std::string cef_line(const Row& row, const ExportSource& source) {
    const std::int64_t millis = row.record->time.microseconds / 1000;
    std::string out =
        "CEF:0|Countersign|countersign|" + cef_escaped(source.version, '|') + "|" +
        cef_escaped(row.record->type, '|') + "|" +
        cef_escaped(row.record->type + (row.decision.empty() ? "" : " ") + row.decision, '|') +
        "|" + std::to_string(2 * gravity(row) + 1) + "|";
    out += "rt=" + std::to_string(millis) + " externalId=" + std::to_string(row.record->seq);
    const auto add = [&out](std::string_view key, std::string_view text) {
        if (!text.empty()) {
            out += " " + std::string(key) + "=" + cef_escaped(text, '=');
        }
    };
    const auto add_custom = [&add](const char* number, std::string_view label,
                                   std::string_view text) {
        if (!text.empty()) {
            add(std::string("cs") + number + "Label", label);
            add(std::string("cs") + number, text);
        }
    };
    add("dvchost", source.host);
    add("act", row.decision);
    add("suser", row.who);
    add("request", row.what);
    add("reason", row.reason);
    add_custom("1", "session", row.session);
    add_custom("2", "action", row.action);
    add_custom("3", "tier", row.tier);
    add_custom("4", "agentType", row.agent);
    if (row.exit_code) {
        add("outcome", std::to_string(*row.exit_code));
    }
    out += " cn1Label=risk cn1=" + std::to_string(row.risk);
    return out + "\n";
}

// --- OCSF ---------------------------------------------------------------------------------------

json::string js(std::string_view text) {
    return json::string(text.data(), text.size());
}

/// OCSF class, and the activity that the record is of it.
struct OcsfClass {
    int class_uid = 0;
    int activity = 0;
};

constexpr int kProcessActivity = 1007;
constexpr int kAuthentication = 3002;
constexpr int kApiActivity = 6003;
constexpr int kOther = 99;

OcsfClass ocsf_class(const Row& row) {
    const std::string_view type = row.record->type;
    if (type == "session_start") {
        return {kAuthentication, 1};  // logon
    }
    if (type == "session_end") {
        return {kAuthentication, 2};  // logoff
    }
    if (type == "sign_in_failure") {
        return {kAuthentication, 1};
    }
    if (type == "approver" || type == "vote") {
        return {kAuthentication, kOther};
    }
    if (type == "outcome") {
        return {kProcessActivity, 2};  // terminate
    }
    if (row.kind == "command" || row.kind == "exec") {
        return {kProcessActivity, 1};  // launch
    }
    return {kApiActivity, kOther};
}

/// What each class asks for besides the base event.
void add_class_members(json::object& out, const Row& row, const ExportSource& source, int uid) {
    const json::object user = {{"name", js(row.who.empty() ? "unknown" : row.who)}};
    const json::object actor = {{"session", {{"uid", js(row.session)}}}, {"user", user}};
    switch (uid) {
        case kProcessActivity:
            out["actor"] = actor;
            out["device"] = json::object{{"hostname", js(source.host)}, {"type_id", 0}};
            out["process"] = json::object{{"cmd_line", js(row.what)}, {"uid", js(row.action)}};
            if (row.exit_code) {
                out["exit_code"] = *row.exit_code;
            }
            break;
        case kAuthentication:
            out["user"] = user;
            out["session"] = json::object{{"uid", js(row.session)}};
            out["service"] = json::object{{"name", "countersign"}};
            break;
        default:
            out["actor"] = actor;
            out["api"] = json::object{{"operation", js(row.record->type)},
                                      {"service", {{"name", "countersign"}}}};
            out["src_endpoint"] = json::object{{"hostname", js(source.host)}};
    }
}

Result<std::string> ocsf_line(const Row& row, const ExportSource& source) {
    const auto [uid, activity] = ocsf_class(row);
    const std::string_view type = row.record->type;
    const bool failed = row.decision == "deny" || row.decision == "denied" ||
                        type == "sign_in_failure" || (row.exit_code && *row.exit_code != 0);
    json::object out;
    out["activity_id"] = activity;
    out["category_uid"] = uid / 1000;
    out["class_uid"] = uid;
    out["type_uid"] = uid * 100 + activity;
    out["severity_id"] = gravity(row) + 1;
    out["status_id"] = failed ? 2 : 1;
    out["time"] = row.record->time.microseconds / 1000;
    out["message"] = js(row.reason);
    out["metadata"] = json::object{{"log_name", js(source.origin)},
                                   {"product",
                                    {{"name", "countersign"},
                                     {"vendor_name", "Countersign"},
                                     {"version", js(source.version)}}},
                                   {"uid", std::to_string(row.record->seq)},
                                   {"version", "1.3.0"}};
    add_class_members(out, row, source, uid);
    out["unmapped"] = json::object{{"action", js(row.action)},     {"agent_type", js(row.agent)},
                                   {"decision", js(row.decision)}, {"risk", row.risk},
                                   {"tier", js(row.tier)},         {"type", js(type)}};
    std::string line = TRY(text::canonical_json(out));
    return line + "\n";
}

// --- OTLP ---------------------------------------------------------------------------------------

/// Severity numbers of the log data model: INFO, INFO2, INFO4 ... by gravity.
constexpr std::array<int, 5> kOtlpSeverity = {9, 10, 13, 17, 21};
constexpr std::array<std::string_view, 5> kOtlpSeverityText = {"INFO", "INFO", "WARN", "ERROR",
                                                               "FATAL"};

json::object otlp_attribute(std::string_view key, json::value value) {
    return {{"key", js(key)}, {"value", std::move(value)}};
}

Result<std::string> otlp_line(const Row& row, const ExportSource& source) {
    const auto text = [](std::string_view value) {
        return json::value(json::object{{"stringValue", js(value)}});
    };
    // Numbers of 64 bits are strings in protobuf's JSON.
    const auto number = [](std::int64_t value) {
        return json::value(json::object{{"intValue", std::to_string(value)}});
    };
    json::array attributes = {
        otlp_attribute("countersign.seq", number(static_cast<std::int64_t>(row.record->seq))),
        otlp_attribute("countersign.type", text(row.record->type)),
        otlp_attribute("countersign.risk", number(row.risk))};
    const std::pair<std::string_view, const std::string*> texts[] = {
        {"countersign.session", &row.session},
        {"countersign.action", &row.action},
        {"countersign.agent_type", &row.agent},
        {"countersign.decision", &row.decision},
        {"countersign.tier", &row.tier},
        {"countersign.reason", &row.reason},
        {"enduser.id", &row.who},
        {"process.command_line", &row.what}};
    for (const auto& [key, value] : texts) {
        if (!value->empty()) {
            attributes.push_back(otlp_attribute(key, text(*value)));
        }
    }
    if (row.exit_code) {
        attributes.push_back(otlp_attribute("process.exit.code", number(*row.exit_code)));
    }
    const auto level = static_cast<std::size_t>(gravity(row));
    json::object log_record;
    log_record["timeUnixNano"] = std::to_string(row.record->time.microseconds) + "000";
    log_record["severityNumber"] = kOtlpSeverity[level];
    log_record["severityText"] = js(kOtlpSeverityText[level]);
    log_record["body"] = text(row.record->type + (row.what.empty() ? "" : ": ") + row.what);
    log_record["attributes"] = std::move(attributes);
    const json::array resource = {otlp_attribute("service.name", text("countersign")),
                                  otlp_attribute("service.version", text(source.version)),
                                  otlp_attribute("host.name", text(source.host))};
    json::object scope_logs;
    scope_logs["scope"] = json::object{{"name", js(source.origin)}};
    scope_logs["logRecords"] = json::array{std::move(log_record)};
    json::object resource_logs;
    resource_logs["resource"] = json::object{{"attributes", resource}};
    resource_logs["scopeLogs"] = json::array{std::move(scope_logs)};
    std::string line = TRY(text::canonical_json(
        json::object{{"resourceLogs", json::array{std::move(resource_logs)}}}));
    return line + "\n";
}

// --- Syslog -------------------------------------------------------------------------------------

/// Facility "log audit" of RFC 5424; severities error, warning, notice and info by gravity.
constexpr int kFacility = 13;
constexpr std::array<int, 5> kSyslogSeverity = {6, 6, 5, 4, 3};
constexpr std::size_t kHostMax = 255;

/// PRINTUSASCII without spaces, or "-".
std::string syslog_token(std::string_view text, std::size_t most) {
    std::string out;
    for (const char c : text.substr(0, most)) {
        out += c > ' ' && c < 0x7F ? c : '_';
    }
    return out.empty() ? "-" : out;
}

std::string syslog_parameter(std::string_view name, std::string_view value) {
    std::string out = " " + std::string(name) + "=\"";
    for (const char c : text::visible(value)) {
        out += c == '"' || c == '\\' || c == ']' ? std::string("\\") + c : std::string(1, c);
    }
    return out + "\"";
}

std::string syslog_line(const Row& row, const ExportSource& source) {
    constexpr std::size_t kMessageIdMax = 32;
    const int priority = 8 * kFacility + kSyslogSeverity[static_cast<std::size_t>(gravity(row))];
    std::string out = "<" + std::to_string(priority) + ">1 " + format_instant(row.record->time) +
                      " " + syslog_token(source.host, kHostMax) + " countersign - " +
                      syslog_token(row.record->type, kMessageIdMax) + " [countersign@32473";
    out += syslog_parameter("seq", std::to_string(row.record->seq));
    const std::pair<std::string_view, const std::string*> texts[] = {
        {"session", &row.session}, {"action", &row.action},     {"agentType", &row.agent},
        {"who", &row.who},         {"decision", &row.decision}, {"tier", &row.tier}};
    for (const auto& [name, value] : texts) {
        if (!value->empty()) {
            out += syslog_parameter(name, *value);
        }
    }
    // The mark says that the message is UTF-8 (section 6.4); what could break a line is shown.
    return out + syslog_parameter("risk", std::to_string(row.risk)) + "] \xEF\xBB\xBF" +
           text::visible(row.record->type + ": " + row.what) + "\n";
}

}  // namespace

std::string export_header(ExportFormat format) {
    return format == ExportFormat::Csv
               ? "seq,time,type,session,agent_type,who,action,kind,what,decision,tier,risk,"
                 "exit_code,reason\r\n"
               : "";
}

Result<std::string> export_record(ExportFormat format, const ReadRecord& record,
                                  const ExportSource& source) {
    const json::value body = TRY(text::parse_json(record.body, limits::kRecordBytesMax));
    const Row row = row_of(record, body);
    switch (format) {
        case ExportFormat::Csv:
            return csv_line(row);
        case ExportFormat::Cef:
            return cef_line(row, source);
        case ExportFormat::Ocsf:
            return ocsf_line(row, source);
        case ExportFormat::Otlp:
            return otlp_line(row, source);
        case ExportFormat::Syslog:
            return syslog_line(row, source);
        case ExportFormat::Jsonl:
            break;
    }
    return Error(ErrorCode::InvalidArgument, "JSON lines are the records' own lines");
}

}  // namespace countersign::audit
