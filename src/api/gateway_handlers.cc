// The gateway itself: status, the kill switch, events, metrics.
#include "api/body.h"
#include "api/handlers.h"
#include "api/metrics_text.h"

namespace countersign::api {
namespace {

namespace json = boost::json;

json::value status_json(Api& api) {
    const gate::Status status = api.gate().status();
    return json::object{
        {"version", text_json(status.version)},
        {"pid", api.options().process_id},
        {"uptime_s", std::chrono::duration_cast<std::chrono::seconds>(status.uptime).count()},
        {"frozen", status.freeze.frozen},
        {"frozen_by", text_json(status.freeze.by)},
        {"frozen_reason", text_json(status.freeze.reason)},
        {"frozen_since", status.freeze.since
                             ? json::value(text_json(format_instant(*status.freeze.since)))
                             : json::value(nullptr)},
        {"sessions", static_cast<std::int64_t>(status.sessions)},
        {"pending", static_cast<std::int64_t>(status.pending)},
        {"log_size", static_cast<std::int64_t>(status.log_size)},
        {"log_durable", static_cast<std::int64_t>(status.log_durable)},
        {"log_trouble", text_json(status.log_trouble)},
        {"log_origin", text_json(status.origin)},
        {"policy", text_json(status.policy)}};
}

Reply status_reply(Api& api) {
    Reply reply;
    reply.finish = [&api] { return json_response(status_json(api)); };
    return reply;
}

}  // namespace

Reply status(Api& api, const Call&) {
    return status_reply(api);
}

Reply freeze(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const Statement statement = TRY(statement_of(api, call));
        TRY(api.gate().actions().freeze(statement.by, statement.reason));
        return status_reply(api);
    });
}

Reply thaw(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const Statement statement = TRY(statement_of(api, call));
        TRY(api.gate().actions().thaw(statement.by, statement.reason));
        return status_reply(api);
    });
}

Reply events(Api&, const Call&) {
    Reply reply;
    reply.stream = true;
    return reply;
}

Reply metrics(Api& api, const Call&) {
    Reply reply;
    reply.finish = [&api] {
        return text_response(metrics_text(api.gate().metrics(), api.gate().status()),
                             "text/plain; version=0.0.4");
    };
    return reply;
}

}  // namespace countersign::api
