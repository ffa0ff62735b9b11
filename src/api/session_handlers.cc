// Sessions and the people who vote.
#include "api/body.h"
#include "api/handlers.h"
#include "model/codec.h"

namespace countersign::api {
namespace {

namespace json = boost::json;

Result<model::Session> session_of(Api& api, const std::string& id) {
    std::optional<model::Session> session = TRY(api.gate().sessions().find(id));
    if (!session) {
        return Error(ErrorCode::NotFound, "there is no session " + id);
    }
    return std::move(*session);
}

Reply close_session(Api& api, const Call& call, model::SessionState how) {
    return answer([&]() -> Result<Reply> {
        const Statement statement = TRY(statement_of(api, call));
        const std::string& id = call.ids.front();
        const gate::Closing closing =
            TRY(api.gate().close_session(id, how, statement.by, statement.reason));
        if (!closing.failures.empty()) {
            return Error(ErrorCode::Io, "the session is over, yet: " + closing.failures.front());
        }
        const model::Session session = TRY(session_of(api, id));
        return ready_json(model::to_json(session));
    });
}

std::optional<model::SessionState> session_state_from(std::string_view name) {
    return model::value_in<model::SessionState>(model::kSessionStateNames, name);
}

}  // namespace

Reply open_session(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const json::value body = TRY(body_of(call));
        const model::SessionRequest request = TRY(model::session_request_from(body));
        const model::SessionGrant grant = TRY(api.gate().sessions().open(request));
        return ready_json(
            json::object{{"session", model::to_json(grant.session)}, {"token", grant.token}}, 201);
    });
}

Reply list_sessions(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const std::size_t limit = TRY(limit_of(call, 100));
        std::optional<model::SessionState> state;
        if (const std::string name = call.query("state"); !name.empty()) {
            state = session_state_from(name);
            if (!state) {
                return Error(ErrorCode::InvalidArgument, "state is not a session's state");
            }
        }
        const std::vector<model::Session> sessions =
            TRY(api.gate().sessions().list(state, call.query("cursor"), limit));
        json::array items;
        for (const model::Session& session : sessions) {
            items.push_back(model::to_json(session));
        }
        const bool full = sessions.size() == limit;
        return ready_json(page_json(
            std::move(items), full ? std::string_view(sessions.back().id) : std::string_view()));
    });
}

Reply show_session(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const model::Session session = TRY(session_of(api, call.ids.front()));
        return ready_json(model::to_json(session));
    });
}

Reply revoke_session(Api& api, const Call& call) {
    return close_session(api, call, model::SessionState::Revoked);
}

Reply end_session(Api& api, const Call& call) {
    return close_session(api, call, model::SessionState::Ended);
}

Reply list_approvers(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const std::vector<model::Approver> approvers = api.gate().people().approvers();
        const json::value page = TRY(page_of(
            call, approvers, [](const model::Approver& one) { return one.name; },
            [](const model::Approver& one) { return model::to_json(one); }));
        return ready_json(page);
    });
}

Reply enrol_approver(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const json::value body = TRY(body_of(call));
        text::ObjectReader in(body, "approver");
        const std::string name = in.string("name", limits::kNameBytesMax);
        const std::string key = in.string("public_key", limits::kCommentBytesMax);
        const std::string by =
            in.string_or("by", limits::kNameBytesMax, api.options().operator_name);
        // The rest of an approver is the gateway's to say.
        in.optional_member("enrolled");
        in.optional_member("active");
        TRY(in.finish());
        const model::Approver approver = TRY(api.gate().people().enrol(name, key, by));
        return ready_json(model::to_json(approver), 201);
    });
}

Reply remove_approver(Api& api, const Call& call) {
    return answer([&]() -> Result<Reply> {
        const Statement statement = TRY(statement_of(api, call));
        const model::Approver approver =
            TRY(api.gate().people().remove(call.ids.front(), statement.by));
        return ready_json(model::to_json(approver));
    });
}

}  // namespace countersign::api
