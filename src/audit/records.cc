#include "audit/records.h"

#include <boost/json.hpp>

#include "audit/envelope.h"
#include "model/canonical.h"
#include "model/codec.h"
#include "text/canonical_writer.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::audit {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 2> kApproverChangeNames = {"enrolled", "removed"};
constexpr std::array<std::string_view, 3> kRuleChangeNames = {"added", "changed", "retired"};

/// JSON holds UTF-8 only; what is not becomes U+FFFD here (the digests stand for the exact bytes).
json::string text_of(std::string_view bytes) {
    const std::string valid = text::to_valid_utf8(bytes);
    return json::string(valid.data(), valid.size());
}

json::array texts_of(const std::vector<std::string>& list) {
    json::array out;
    for (const std::string& element : list) {
        out.emplace_back(text_of(element));
    }
    return out;
}

json::value optional_text(const std::optional<std::string>& value) {
    return value ? json::value(text_of(*value)) : json::value(nullptr);
}

Record record(RecordType type, const json::value& body) {
    // Cannot fail: canonical_json refuses only numbers that are not finite, and no body has
    // floating-point numbers.
    return {type, MUST(text::canonical_json(body))};
}

Record freeze_like(RecordType type, const FreezeChange& body) {
    return record(type, {{"by", text_of(body.by)}, {"reason", text_of(body.reason)}});
}

}  // namespace

Result<ReadRecord> read_record(std::string_view line) {
    const Envelope envelope = TRY(parse_envelope(line));
    if (envelope.blob) {
        return Error(ErrorCode::Malformed, "the record's body lies aside");
    }
    ReadRecord out;
    out.seq = envelope.seq;
    out.time = envelope.time;
    out.type = std::string(envelope.type);
    out.body = std::string(envelope.body);
    return out;
}

Record to_record(const GatewayStart& body) {
    return record(RecordType::GatewayStart, {{"configuration", text_of(body.configuration)},
                                             {"host", text_of(body.host)},
                                             {"policy", text_of(body.policy)},
                                             {"version", text_of(body.version)}});
}

Record to_record(const GatewayStop& body) {
    return record(RecordType::GatewayStop, {{"reason", text_of(body.reason)}});
}

Record to_record(const ConfigurationChange& body) {
    return record(RecordType::Configuration, {{"by", text_of(body.by)},
                                              {"digest", text_of(body.digest)},
                                              {"previous", text_of(body.previous)},
                                              {"what", text_of(body.what)}});
}

Record session_start_record(const model::Session& session) {
    return record(RecordType::SessionStart, {{"session", model::to_json(session)}});
}

Record to_record(const SessionEnd& body) {
    return record(RecordType::SessionEnd,
                  {{"by", text_of(body.by)},
                   {"reason", text_of(body.reason)},
                   {"session", text_of(body.session)},
                   {"state", text_of(model::session_state_name(body.state))}});
}

Record to_record(const ApproverChange& body) {
    return record(RecordType::ApproverChange,
                  {{"by", text_of(body.by)},
                   {"change", text_of(model::name_in(kApproverChangeNames, body.change))},
                   {"name", text_of(body.name)},
                   {"public_key", text_of(body.public_key)}});
}

Record to_record(const DecisionRecord& body) {
    CHECK(body.request != nullptr && body.verdict != nullptr);
    Record out{RecordType::Decision, {}};
    out.body.reserve(2048);
    text::CanonicalWriter writer(out.body);
    writer.begin_object();
    writer.key("action");
    writer.string(body.action);
    writer.key("decided_by");
    writer.string(text::to_valid_utf8(body.decided_by));
    writer.key("digest");
    writer.string(body.digest);
    writer.key("excluded");
    writer.begin_array();
    for (const std::string& name : body.excluded) {
        writer.string(text::to_valid_utf8(name));
    }
    writer.end_array();
    writer.key("latency_us");
    writer.number(body.latency_us);
    writer.key("release");
    writer.string(model::name_in(kReleaseModeNames, body.release));
    writer.key("request");
    writer.raw(model::canonical(*body.request));
    writer.key("verdict");
    writer.raw(model::canonical(*body.verdict));
    writer.end_object();
    return out;
}

Record vote_record(const model::Vote& vote, std::string_view public_key) {
    return record(RecordType::Vote,
                  {{"public_key", text_of(public_key)}, {"vote", model::to_json(vote)}});
}

Record to_record(const ReleaseRecord& body) {
    return record(RecordType::Release, {{"action", text_of(body.action)},
                                        {"approvers", texts_of(body.approvers)},
                                        {"decided_by", text_of(body.decided_by)},
                                        {"digest", text_of(body.digest)},
                                        {"session", text_of(body.session)},
                                        {"waited_us", body.waited_us}});
}

Record to_record(const Refusal& body) {
    return record(RecordType::Refusal, {{"action", text_of(body.action)},
                                        {"decided_by", text_of(body.decided_by)},
                                        {"digest", text_of(body.digest)},
                                        {"reason", text_of(body.reason)},
                                        {"session", text_of(body.session)},
                                        {"state", text_of(body.state)},
                                        {"waited_us", body.waited_us}});
}

Record to_record(const OutcomeRecord& body) {
    CHECK(body.outcome != nullptr);
    Record out{RecordType::Outcome, {}};
    text::CanonicalWriter writer(out.body);
    writer.begin_object();
    writer.key("action");
    writer.string(body.action);
    writer.key("outcome");
    writer.raw(model::canonical(*body.outcome));
    writer.key("session");
    writer.string(body.session);
    writer.end_object();
    return out;
}

Record to_record(const Observation& body) {
    return record(RecordType::Observation, {{"bytes", body.bytes},
                                            {"digest", text_of(body.digest)},
                                            {"findings", texts_of(body.findings)},
                                            {"session", text_of(body.session)},
                                            {"source", text_of(body.source)}});
}

Record to_record(const RuleChange& body) {
    return record(RecordType::RuleChange,
                  {{"by", text_of(body.by)},
                   {"change", text_of(model::name_in(kRuleChangeNames, body.change))},
                   {"reason", text_of(body.reason)},
                   {"rule", model::to_json(body.rule)}});
}

Record to_record(const Review& body) {
    return record(RecordType::Review, {{"by", text_of(body.by)},
                                       {"outcome", text_of(body.outcome)},
                                       {"reason", text_of(body.reason)},
                                       {"replaced", optional_text(body.replaced)},
                                       {"rule", text_of(body.rule)}});
}

Record freeze_record(const FreezeChange& body) {
    return freeze_like(RecordType::Freeze, body);
}

Record thaw_record(const FreezeChange& body) {
    return freeze_like(RecordType::Thaw, body);
}

Record to_record(const IncidentStep& body) {
    return record(RecordType::Incident, {{"by", text_of(body.by)},
                                         {"detail", text_of(body.detail)},
                                         {"elapsed_us", body.elapsed_us},
                                         {"incident", text_of(body.incident)},
                                         {"session", text_of(body.session)},
                                         {"step", text_of(body.step)}});
}

Record to_record(const SignInFailure& body) {
    return record(RecordType::SignInFailure, {{"door", text_of(body.door)},
                                              {"reason", text_of(body.reason)},
                                              {"who", text_of(body.who)}});
}

Record to_record(const Alert& body) {
    return record(RecordType::Alert, {{"kind", text_of(body.kind)},
                                      {"message", text_of(body.message)},
                                      {"subject", text_of(body.subject)}});
}

Record to_record(const RecordingChunk& body) {
    return record(RecordType::Recording, {{"bytes", body.bytes},
                                          {"chunk", body.chunk},
                                          {"digest", text_of(body.digest)},
                                          {"session", text_of(body.session)}});
}

}  // namespace countersign::audit
