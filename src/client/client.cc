#include "client/client.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/limits.h"
#include "client/call.h"
#include "model/canonical.h"
#include "model/codec.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/process.h"
#include "sys/real_clock.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::client {
namespace {

namespace json = boost::json;

/// The longest that one request asks the gateway to wait; a longer wait is several requests.
constexpr Duration kWaitPerRequest = std::chrono::minutes(5);
constexpr Duration kNoWait = Duration::zero();

std::string wait_query(Duration wait) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    std::string out = seconds <= 0 ? std::string() : "?wait=" + std::to_string(seconds);
    return out;
}

std::string submit_query(Duration wait, AgentClient::View view) {
    std::string out = wait_query(wait);
    if (view == AgentClient::View::Brief) {
        out += out.empty() ? "?view=brief" : "&view=brief";
    }
    return out;
}

json::string text_json(std::string_view text) {
    return json::string(text.data(), text.size());
}

Result<std::optional<Instant>> instant_member(text::ObjectReader& in, std::string_view name) {
    const auto text = in.optional_string(name, limits::kNameBytesMax);
    if (!text) {
        return std::optional<Instant>();
    }
    const auto instant = parse_instant(*text);
    if (!instant) {
        return Error(ErrorCode::Malformed, std::string(name) + " is not a time");
    }
    return instant;
}

Result<model::SessionGrant> grant_from(const json::value& value) {
    text::ObjectReader in(value, "session grant");
    const json::value* session = in.member("session");
    model::SessionGrant grant;
    grant.token = in.string("token", limits::kNameBytesMax);
    TRY(in.finish());
    grant.session = TRY(model::session_from(*session));
    return grant;
}

}  // namespace

Result<ActionAnswer> answer_from(const json::value& value) {
    text::ObjectReader in(value, "action answer");
    in.ignore_unknown();
    ActionAnswer answer;
    answer.id = in.string("id", limits::kNameBytesMax);
    answer.digest = in.string("digest", limits::kNameBytesMax);
    const auto state =
        model::value_in<ActionState>(kActionStateNames, in.string("state", limits::kNameBytesMax));
    const json::value* verdict = in.member("verdict");
    answer.votes_for = static_cast<int>(in.integer("votes_for", 0, 1000));
    answer.decided_by = in.string("decided_by", limits::kCommentBytesMax);
    answer.message = in.string("message", kAnswerBytesMax);
    answer.expires = TRY(instant_member(in, "expires"));
    TRY(in.finish());
    if (!state) {
        return Error(ErrorCode::Malformed, "action answer: unknown state");
    }
    answer.state = *state;
    answer.verdict = TRY(model::verdict_from(*verdict));
    return answer;
}

struct AgentClient::Connection {
    Caller caller;
};

AgentClient::AgentClient(std::string socket, std::string token)
    : connection_(
          std::make_unique<Connection>(Connection{Caller(std::move(socket), std::move(token))})) {}
AgentClient::AgentClient(AgentClient&&) noexcept = default;
AgentClient& AgentClient::operator=(AgentClient&&) noexcept = default;
AgentClient::~AgentClient() = default;

Result<ActionAnswer> AgentClient::submit(const model::ActionRequest& request, Duration wait) {
    sys::RealClock clock;
    const Duration until = clock.monotonic() + wait;
    const Duration first = std::min(wait, kWaitPerRequest);
    const json::value value = TRY(connection_->caller.post_text(
        "/v1/actions" + submit_query(first, view_), model::canonical(request), first));
    ActionAnswer answer = TRY(answer_from(value));
    const Duration left = until - clock.monotonic();
    if (answer.open() && left > kNoWait && wait > kNoWait) {
        return await(answer.id, left);
    }
    return answer;
}

Result<void> AgentClient::begin_submit(const model::ActionRequest& request) {
    return connection_->caller.begin_post_text("/v1/actions" + submit_query(kNoWait, view_),
                                               model::canonical(request), kNoWait);
}

Result<ActionAnswer> AgentClient::complete_submit() {
    const json::value value = TRY(connection_->caller.complete(kNoWait));
    return answer_from(value);
}

Result<ActionAnswer> AgentClient::await(std::string_view action, Duration wait) {
    TRY(check_path_segment(action));
    sys::RealClock clock;
    const Duration until = clock.monotonic() + wait;
    Duration left = wait;
    while (true) {
        const Duration now = std::min(left, kWaitPerRequest);
        const json::value value = TRY(connection_->caller.get(
            "/v1/actions/" + std::string(action) + wait_query(now), std::max(now, kNoWait)));
        ActionAnswer answer = TRY(answer_from(value));
        left = until - clock.monotonic();
        if (!answer.open() || left <= kNoWait) {
            return answer;
        }
    }
}

Result<void> AgentClient::report(std::string_view action, const model::Outcome& outcome) {
    TRY(check_path_segment(action));
    TRY(connection_->caller.post("/v1/actions/" + std::string(action) + "/outcome",
                                 model::to_json(outcome), kNoWait));
    return {};
}

namespace {

json::value refusal_json(std::string_view door, std::string_view reason) {
    constexpr std::size_t kReasonShown = limits::kCommentBytesMax / 4;
    return json::object{{"door", text_json(text::visible(door, limits::kNameBytesMax / 4))},
                        {"reason", text_json(text::visible(reason, kReasonShown))}};
}

}  // namespace

Result<void> AgentClient::note_refusal(std::string_view door, std::string_view reason) {
    TRY(connection_->caller.post("/v1/refusals", refusal_json(door, reason), kNoWait));
    return {};
}

void note_refusal(std::string_view door, std::string_view reason) {
    const auto places = locations();
    if (!places.ok()) {
        return;
    }
    const auto token = sys::environment("COUNTERSIGN_SESSION");
    if (token && !token->empty()) {
        (void)AgentClient(places->agent_socket, *token).note_refusal(door, reason);
        return;
    }
    if (!ensure_gateway(*places).ok()) {
        return;
    }
    auto people = OperatorClient::open(*places);
    if (people.ok()) {
        (void)people->post("/v1/refusals", refusal_json(door, reason));
    }
}

Result<void> AgentClient::report(std::span<const model::OutcomeReport> reports) {
    while (!reports.empty()) {
        const auto part = reports.first(std::min(reports.size(), limits::kOutcomesPerReportMax));
        json::array list;
        for (const model::OutcomeReport& report : part) {
            list.push_back(json::object{{"action", text_json(report.action)},
                                        {"outcome", model::to_json(report.outcome)}});
        }
        TRY(connection_->caller.post("/v1/outcomes", json::object{{"outcomes", std::move(list)}},
                                     kNoWait));
        reports = reports.subspan(part.size());
    }
    return {};
}

Result<void> AgentClient::observe(std::string_view source, std::string_view content) {
    const json::value body =
        json::object{{"source", text_json(source)}, {"content", text_json(content)}};
    TRY(connection_->caller.post("/v1/observations", body, kNoWait));
    return {};
}

Result<model::SessionGrant> AgentClient::delegate(std::string_view session,
                                                  const model::AgentIdentity& agent,
                                                  std::string_view purpose, Duration lifetime) {
    TRY(check_path_segment(session));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lifetime).count();
    const json::value body = json::object{
        {"agent", model::to_json(agent)}, {"purpose", text_json(purpose)}, {"lifetime_s", seconds}};
    const json::value value = TRY(connection_->caller.post(
        "/v1/sessions/" + std::string(session) + "/delegate", body, kNoWait));
    return grant_from(value);
}

struct OperatorClient::Connection {
    Caller caller;
    std::string socket;
    std::string token;
};

OperatorClient::OperatorClient(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}
OperatorClient::OperatorClient(OperatorClient&&) noexcept = default;
OperatorClient& OperatorClient::operator=(OperatorClient&&) noexcept = default;
OperatorClient::~OperatorClient() = default;

Result<OperatorClient> OperatorClient::open(const Locations& locations) {
    auto token = sys::read_file(locations.operator_token_file, limits::kKeyFileBytesMax);
    if (!token.ok()) {
        return Error(ErrorCode::Unauthenticated,
                     "the operator token cannot be read: " + token.error().message,
                     "only the person who runs the gateway can use it");
    }
    while (!token->empty() && token->back() == '\n') {
        token->pop_back();
    }
    Caller caller(locations.operator_socket, *token);
    return OperatorClient(std::make_unique<Connection>(
        Connection{std::move(caller), locations.operator_socket, token.take()}));
}

Result<json::value> OperatorClient::get(std::string_view path, Duration wait) {
    return connection_->caller.get(path, wait);
}

Result<json::value> OperatorClient::post(std::string_view path, const json::value& body,
                                         Duration wait) {
    return connection_->caller.post(path, body, wait);
}

Result<model::SessionGrant> OperatorClient::open_session(const model::SessionRequest& request) {
    const json::value value =
        TRY(connection_->caller.post("/v1/sessions", model::to_json(request), kNoWait));
    return grant_from(value);
}

Result<EventStream> OperatorClient::events() {
    return EventStream::open(connection_->socket, connection_->token);
}

}  // namespace countersign::client
